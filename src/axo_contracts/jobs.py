"""What a client asks for: a job's spec, by `kind`. A new kind is a class here and a file in `axo_worker/kinds/`."""

from itertools import chain
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from axo_contracts.adapters import Adapter, FullWeights, Lora
from axo_contracts.datasets import Dataset
from axo_contracts.hyperparameters import Hyperparameters
from axo_contracts.limits import Limits
from axo_contracts.methods import Method, Sft
from axo_contracts.resources import Resources
from axo_contracts.strict import Line, Strict
from axo_contracts.suitability import unsuitable_data

Label = Annotated[str, Field(max_length=64)]
LabelText = Annotated[str, Field(max_length=512)]


class TrainSpec(Strict):
    """Fine-tune a base model on data."""

    kind: Literal["train"] = "train"
    base_model: Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00-\x1f]+$")]
    """A Hugging Face Hub name (`org/model`), or the absolute path of a model's folder that the workers see."""
    base_model_revision: Line | None = None
    """A branch, tag or commit of a model on the hub."""
    datasets: Annotated[tuple[Dataset, ...], Field(min_length=1, max_length=64)]
    """What to learn from."""
    validation_datasets: Annotated[tuple[Dataset, ...], Field(max_length=64)] = ()
    """What to evaluate on while training."""
    method: Method = Sft()
    adapter: Adapter = Lora()
    hyperparameters: Hyperparameters = Hyperparameters()
    resources: Resources = Resources()
    limits: Limits = Limits()
    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][\w.-]*$")] | None = None
    """A name for people: letters, digits, dot, dash and underscore."""
    metadata: Annotated[dict[Label, LabelText], Field(max_length=16, default_factory=dict)]
    """Up to 16 labels of your own."""
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 42
    """The same seed on the same kind of device gives the same run."""
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    """Of two jobs that wait, the one with the higher priority starts first."""

    @model_validator(mode="after")
    def _one_way_to_evaluate(self) -> Self:
        if self.validation_datasets and self.hyperparameters.val_set_size:
            raise ValueError(
                "validation_datasets and hyperparameters.val_set_size exclude each other; give one of them"
            )
        return self

    @model_validator(mode="after")
    def _suits_its_method(self) -> Self:
        data = unsuitable_data(self.method, self.datasets, self.validation_datasets)
        if problem := next(chain(self.method.problems(self.hyperparameters, self.adapter), data), None):
            raise ValueError(f"method {self.method.type}: {problem}")
        if self.method.needs_gpu and self.resources.gpus == 0:
            raise ValueError(f"method {self.method.type}: it needs a GPU so; ask for resources.gpus")
        return self

    @property
    def is_adapter(self) -> bool:
        """Whether the result is an adapter, not a whole model."""
        return not isinstance(self.adapter, FullWeights)


JobSpec = TrainSpec
