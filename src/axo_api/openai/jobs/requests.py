"""What OpenAI's clients ask for. What OpenAI's API does not have stands beside it (`extra_body`), natively spelt."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, TypeAdapter

from axo_contracts.strict import Line

OPENAI_METHODS = ("supervised", "dpo", "reinforcement")


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


def _none_if_auto(value: Any) -> Any:
    return None if value == "auto" else value


_Auto = BeforeValidator(_none_if_auto)
Whole = Annotated[Annotated[int, Field(ge=1, le=65536)] | None, _Auto]
Factor = Annotated[Annotated[float, Field(gt=0, le=1000)] | None, _Auto]


class TuningHyperparameters(_Closed):
    """What every method takes. `auto`, null or left out: axo's choice, which the job then states."""

    n_epochs: Whole = None
    batch_size: Whole = None
    learning_rate_multiplier: Factor = None


class DpoHyperparameters(TuningHyperparameters):
    """What DPO takes."""

    beta: Factor = None


class ReinforcementHyperparameters(TuningHyperparameters):
    """What reinforcement takes. `eval_samples` and `reasoning_effort` are read, and change nothing here."""

    compute_multiplier: Factor = None
    eval_interval: Whole = None
    eval_samples: Whole = None
    reasoning_effort: Literal["default", "low", "medium", "high"] | None = None


class SupervisedSettings(_Closed):
    hyperparameters: TuningHyperparameters | None = None


class DpoSettings(_Closed):
    hyperparameters: DpoHyperparameters | None = None


class ReinforcementSettings(_Closed):
    grader: dict[str, Any]
    hyperparameters: ReinforcementHyperparameters | None = None


class SupervisedMethod(_Closed):
    """Supervised fine-tuning."""

    type: Literal["supervised"]
    supervised: SupervisedSettings | None = None


class DpoMethod(_Closed):
    """Direct preference optimization."""

    type: Literal["dpo"]
    dpo: DpoSettings | None = None


class ReinforcementMethod(_Closed):
    """Reinforcement fine-tuning: GRPO with the grader as its reward."""

    type: Literal["reinforcement"]
    reinforcement: ReinforcementSettings


def _spelling(value: Any) -> str:
    """Return which of OpenAI's methods `value` is; `native` for one of axo's, which has other fields."""
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_none=True)
    if not isinstance(value, dict):
        return "native"
    kind = value.get("type")
    return str(kind) if kind in OPENAI_METHODS and value.keys() <= {"type", *OPENAI_METHODS} else "native"


AskedMethod = Annotated[
    Annotated[SupervisedMethod, Tag("supervised")]
    | Annotated[DpoMethod, Tag("dpo")]
    | Annotated[ReinforcementMethod, Tag("reinforcement")]
    | Annotated[dict[str, Any], Tag("native")],
    Discriminator(_spelling),
]


class Wandb(_Closed):
    """Where Weights & Biases shows the run. Its key is the worker's `WANDB_API_KEY`."""

    project: Line
    name: Line | None = None
    entity: Line | None = None
    tags: Annotated[list[Line], Field(max_length=64)] | None = None


class Integration(_Closed):
    """A service that is told of the training."""

    type: Literal["wandb"]
    wandb: Wandb


class CreateJob(BaseModel):
    """A job as OpenAI's clients ask for it."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)

    model: Annotated[str, Field(min_length=1, max_length=4096)]
    """A name of `AXO_BASE_MODELS`, a name on the Hugging Face Hub, or the path of a model that the workers see."""
    training_file: str
    """The id of an uploaded file."""
    validation_file: str | None = None
    """The id of an uploaded file to evaluate on."""
    method: AskedMethod | None = None
    """OpenAI's `supervised`, `dpo` or `reinforcement`, or a native method with its own fields."""
    hyperparameters: dict[str, Any] | None = None
    """OpenAI's older place for n_epochs, batch_size and learning_rate_multiplier; native ones may stand here, too."""
    integrations: Annotated[list[Integration], Field(max_length=1)] | None = None
    metadata: dict[str, Any] | None = None
    """Up to 16 labels."""
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = None
    suffix: Annotated[str, Field(max_length=64)] | None = None
    """A part of the trained model's name."""


tuning_hyperparameters: TypeAdapter[TuningHyperparameters] = TypeAdapter(TuningHyperparameters)
