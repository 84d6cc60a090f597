"""What a client asks for: a job's spec, by `kind`. A new kind of task is a file in `axo_contracts/tasks/`."""

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, TypeAdapter, field_validator, model_validator

from axo_contracts.config_spec import ConfigSpec
from axo_contracts.resources import Resources
from axo_contracts.tasks import (
    EvaluateSpec,
    ExportSpec,
    GenerateSpec,
    Link,
    MergeSpec,
    PushSpec,
    QuantizeSpec,
    ScoreSpec,
    Task,
    Then,
)
from axo_contracts.training import Training


class TrainSpec(Training):
    """Fine-tune a base model on data."""

    kind: Literal["train"] = "train"
    prepared: Annotated[str, Field(pattern=r"^ftjob-[0-9a-z]{26}$")] | None = None
    """A `preprocess` job that has prepared this data: the training then reads what that has left. It must have named
    the same model, data sets, method, sequence_len, sample_packing, `axolotl` and seed, by which rows are shuffled."""
    then: Then = ()
    """Jobs that follow when this one has succeeded, each behind the one before it: `[{"kind": "merge"}, …]`."""

    @model_validator(mode="after")
    def _has_its_gpu(self) -> Self:
        if self.method.needs_gpu and self.resources.gpus == 0:
            raise ValueError(f"method {self.method.type}: it needs a GPU so; ask for resources.gpus")
        return self


class PreprocessSpec(Training):
    """Tokenise the data of a training, and keep it for trainings to come. What says nothing of data counts for nothing.

    The spec is that of the training; so the same file serves for both.
    """

    kind: Literal["preprocess"]
    resources: Resources = Resources(gpus=0)
    """Whatever is said: the CPU."""

    @field_validator("resources")
    @classmethod
    def _on_the_cpu(cls, _: Resources) -> Resources:
        return Resources(gpus=0)

    @model_validator(mode="after")
    def _has_something_to_prepare(self) -> Self:
        if self.method.streams:
            raise ValueError(
                f"method {self.method.type}: its rows are read while it trains; there is nothing to prepare"
            )
        return self


MODEL_KINDS = ("train", "merge", "quantize")
"""The kinds of job whose result is a model."""


_KINDS: dict[str, type[Task | PreprocessSpec]] = {
    "merge": MergeSpec,
    "quantize": QuantizeSpec,
    "export": ExportSpec,
    "score": ScoreSpec,
    "evaluate": EvaluateSpec,
    "generate": GenerateSpec,
    "push": PushSpec,
    "preprocess": PreprocessSpec,
}


def _which(given: Any) -> str | None:
    """Return the name of the class that `given` is to be; None for a kind that there is not."""
    if not isinstance(given, dict):
        return type(given).__name__
    if "config" in given:
        return "ConfigSpec"
    kind = given.get("kind", "train")
    if kind == "train":
        return "TrainSpec"
    return _KINDS[kind].__name__ if isinstance(kind, str) and kind in _KINDS else None


JobSpec = Annotated[
    Annotated[TrainSpec, Tag("TrainSpec")]
    | Annotated[ConfigSpec, Tag("ConfigSpec")]
    | Annotated[PreprocessSpec, Tag("PreprocessSpec")]
    | Annotated[MergeSpec, Tag("MergeSpec")]
    | Annotated[QuantizeSpec, Tag("QuantizeSpec")]
    | Annotated[ExportSpec, Tag("ExportSpec")]
    | Annotated[ScoreSpec, Tag("ScoreSpec")]
    | Annotated[EvaluateSpec, Tag("EvaluateSpec")]
    | Annotated[GenerateSpec, Tag("GenerateSpec")]
    | Annotated[PushSpec, Tag("PushSpec")],
    Discriminator(
        _which,
        custom_error_type="unknown_kind",
        custom_error_message="there is no such kind of job; there are train, {kinds}",
        custom_error_context={"kinds": ", ".join(_KINDS)},
    ),
]
"""A typed spec, by its kind; or, by its field `config`, a whole Axolotl config."""

_specs: TypeAdapter[JobSpec] = TypeAdapter(JobSpec)


def spec_from_json(data: dict[str, Any]) -> JobSpec:
    """Return the spec that was kept as JSON. Raises `pydantic.ValidationError` for one of another version of axo."""
    return _specs.validate_python(data)


def links_of(spec: JobSpec) -> tuple[Link, ...]:
    """Return the chain of jobs that is to follow a job."""
    match spec:
        case TrainSpec() | ConfigSpec() | MergeSpec() | QuantizeSpec():
            return spec.then
        case _:
            return ()


def link_to_spec(link: Link, *, priority: int) -> JobSpec:
    """Return the spec of a chain's job; `priority` is that of the first, which it has too unless it says another."""
    given = link.model_dump(mode="json")
    return _specs.validate_python(given if "priority" in link.model_fields_set else given | {"priority": priority})
