"""Quantising: a whole model's weights in fewer bits, by torchao as Axolotl uses it."""

from typing import Annotated, Any, Literal

from pydantic import Field

from axo_contracts.tasks.task_spec import TaskSpec
from axo_contracts.tools import ToolName


class QuantizeLink(TaskSpec):
    """Keep a whole model's weights in 4 bits, and let it compute with activations of 8. The result is a model."""

    kind: Literal["quantize"]
    scheme: Literal["int8_int4"] = "int8_int4"
    """Weights in 4 bits, activations in 8 while it computes: what runs on any CPU and GPU."""
    group_size: Annotated[int, Field(ge=8, le=1024, multiple_of=8)] = 32
    """How many weights share a scale; it must divide the length of each row of weights."""

    @property
    def tools(self) -> tuple[ToolName, ...]:
        """What a worker must have for it, beyond what every trainer has."""
        return ("torchao",)

    def task_options(self) -> dict[str, Any]:
        """Return what the program in the trainer's environment is told beside its models and rows."""
        return {"group_size": self.group_size}
