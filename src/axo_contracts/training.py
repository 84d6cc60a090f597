"""What a training says, whether it is to be run or its data is only to be prepared."""

from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Self

from pydantic import Field, model_validator

from axo_contracts.adapters import Adapter, FullWeights, Lora
from axo_contracts.datasets import Dataset
from axo_contracts.hyperparameters import Hyperparameters
from axo_contracts.integrations import Integrations
from axo_contracts.keep import SAID_TWICE, Keep
from axo_contracts.limits import Limits
from axo_contracts.methods import Method, Sft
from axo_contracts.named_model import ModelName, NamedModel
from axo_contracts.named_source import NamedSource, sources_in
from axo_contracts.plain_data import Plain
from axo_contracts.resources import Resources
from axo_contracts.strict import Labels, Line, Name, Priority, Strict
from axo_contracts.suitability import unsuitable_data
from axo_contracts.tools import ToolName

MICRO_BATCHES = ("micro_batch_size", "gradient_accumulation_steps")


class Training(Strict):
    """A base model, data, and how the one is to learn from the other."""

    kind: str
    base_model: ModelName
    """A Hugging Face Hub name (`org/model`), or the absolute path of a model's folder that the workers see."""
    base_model_revision: Line | None = None
    """A branch, tag or commit of a model on the hub."""
    datasets: Annotated[tuple[Dataset, ...], Field(min_length=1, max_length=64)]
    """What to learn from."""
    validation_datasets: Annotated[tuple[Dataset, ...], Field(max_length=64)] = ()
    """What to evaluate on while training."""
    preset: Line | None = None
    """Fills what is left out of hyperparameters and adapter: `quick`, `balanced`, `quality`, or an operator's own."""
    method: Method = Sft()
    adapter: Adapter = Lora()
    hyperparameters: Hyperparameters = Hyperparameters()
    resources: Resources = Resources()
    limits: Limits = Limits()
    keep: Keep | None = None
    """Which checkpoints are kept. Left out: as the operator has it; else by `hyperparameters.save_total_limit`."""
    integrations: Integrations = ()
    """Trackers that show the run too: Weights & Biases, MLflow, TensorBoard, Comet, Trackio; at most one of each."""
    axolotl: Annotated[Plain, Field(default_factory=dict)]
    """Any other Axolotl key, as `GET /v1/schema` has it; over what the fields above mean, and over what is `auto`."""
    name: Name | None = None
    """A name for people: letters, digits, dot, dash and underscore."""
    metadata: Labels
    """Up to 16 labels of your own."""
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 42
    """The same seed on the same kind of device gives the same run."""
    priority: Priority = 0
    """Of two jobs that wait, the one with the higher priority starts first."""

    @model_validator(mode="after")
    def _one_way_to_evaluate(self) -> Self:
        if self.validation_datasets and self.hyperparameters.val_set_size:
            raise ValueError(
                "validation_datasets and hyperparameters.val_set_size exclude each other; give one of them"
            )
        return self

    @model_validator(mode="after")
    def _says_once_what_is_kept(self) -> Self:
        if self.keep is not None and self.limits_its_checkpoints:
            raise ValueError(SAID_TWICE)
        return self

    @model_validator(mode="after")
    def _suits_its_method(self) -> Self:
        data = unsuitable_data(self.method, self.datasets, self.validation_datasets)
        if problem := next(chain(self.method.problems(self.hyperparameters, self.adapter), data), None):
            raise ValueError(f"method {self.method.type}: {problem}")
        return self

    @property
    def tools(self) -> tuple[ToolName, ...]:
        """What a worker must have for it, beyond what every trainer has: nothing."""
        return ()

    @property
    def is_adapter(self) -> bool:
        """Whether the result is an adapter, not a whole model."""
        return not isinstance(self.adapter, FullWeights)

    @property
    def method_name(self) -> str:
        """How it trains, by the word for it."""
        return self.method.type

    @property
    def adapter_name(self) -> str:
        """What is trained: `lora`, `qlora`, or `full` for all weights."""
        return self.adapter.type

    @property
    def limits_its_checkpoints(self) -> bool:
        """Whether it says how many its trainer keeps."""
        return self.hyperparameters.save_total_limit is not None or "save_total_limit" in self.axolotl

    def named_models(self) -> tuple[NamedModel, ...]:
        """Return the model that is trained."""
        return (NamedModel("base_model", self.base_model, self.base_model_revision),)

    @property
    def micro_batches(self) -> tuple[int, int] | None:
        """`micro_batch_size` and `gradient_accumulation_steps`; None where `axolotl` counts its rows otherwise."""
        given = {name: getattr(self.hyperparameters, name) for name in MICRO_BATCHES} | self.axolotl
        sizes = [given[name] for name in MICRO_BATCHES]
        if given.get("batch_size") or not all(isinstance(size, int) for size in sizes):
            return None
        return sizes[0], sizes[1]

    def sources(self) -> Iterator[NamedSource]:
        """Yield what the job learns from."""
        yield from sources_in("datasets", self.datasets)
        yield from sources_in("validation_datasets", self.validation_datasets)
