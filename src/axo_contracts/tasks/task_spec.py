"""What every kind of job beside `train` says. A kind is a subclass in a file of its own."""

from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from axo_contracts.limits import Limits
from axo_contracts.named_model import PREVIOUS, ModelName, NamedModel
from axo_contracts.named_source import NamedSource
from axo_contracts.resources import Resources
from axo_contracts.strict import Labels, Line, Name, Priority, Strict
from axo_contracts.tools import ToolName


class TaskSpec(Strict):
    """A model, and what is asked of it. It runs as one process, on one GPU or on the CPU, and keeps no checkpoints."""

    kind: str
    model: ModelName = PREVIOUS
    """What was trained here, by its name or an alias (`ft:…`, `ft:…:ckpt-step-N`) or by the id of its job; a name on
    the hub (`org/model`); or the absolute path of a model's folder that the workers see. In a chain it may be left out:
    `previous` is the model that the jobs before have left, and `base` what that was made from."""
    model_revision: Line | None = None
    """A branch, tag or commit of a model on the hub."""
    resources: Resources = Resources()
    limits: Limits = Limits()
    name: Name | None = None
    """A name for people: letters, digits, dot, dash and underscore."""
    metadata: Labels
    """Up to 16 labels of your own."""
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 42
    """The same seed on the same kind of device gives the same run."""
    priority: Priority = 0
    """Of two jobs that wait, the one with the higher priority starts first."""

    @model_validator(mode="after")
    def _fits_one_gpu(self) -> Self:
        if self.resources.gpus not in ("auto", 0, 1):
            raise ValueError(f"resources.gpus: {self.kind} runs on one GPU at most; say 1, 0 for the CPU, or auto")
        named = self.named_models()[0]
        if self.model_revision is not None and (named.is_trained_here or named.is_of_chain):
            raise ValueError("model_revision is of a model on the hub; leave it out")
        return self

    @property
    def method_name(self) -> str:
        """What is done to the model, by the word for it."""
        return self.kind

    @property
    def adapter_name(self) -> str:
        """What is trained: nothing."""
        return "none"

    @property
    def is_adapter(self) -> bool:
        """Whether the result is an adapter: never."""
        return False

    @property
    def base_model(self) -> str:
        """The model that it is about, as it was named."""
        return self.model

    @property
    def micro_batches(self) -> None:
        """Nothing: no rows are trained on."""
        return

    def named_models(self) -> tuple[NamedModel, ...]:
        """Return the models that it reads, the one that it is about first."""
        return (NamedModel("model", self.model, self.model_revision),)

    @property
    def tools(self) -> tuple[ToolName, ...]:
        """What a worker must have for it, beyond what every trainer has."""
        return ()

    def sources(self) -> Iterator[NamedSource]:
        """Yield the rows that it reads."""
        yield from ()

    def task_options(self) -> dict[str, Any]:
        """Return what the program in the trainer's environment is told beside its models and rows."""
        return {}
