"""Merging: an adapter's update is added to its base's weights, and the sum is a whole model."""

from typing import Any, Literal

from axo_contracts.resources import Resources
from axo_contracts.tasks.task_spec import TaskSpec

Precision = Literal["auto", "bf16", "fp16", "fp32"]


class MergeLink(TaskSpec):
    """Add an adapter's weights to those of its base model. The result is a model of its own, as safetensors."""

    kind: Literal["merge"]
    resources: Resources = Resources(gpus=0)
    """The CPU, unless a GPU is asked for: its memory must hold the whole base model either way."""
    dtype: Precision = "auto"
    """In which numbers the result is kept. auto: in the base model's own."""

    def task_options(self) -> dict[str, Any]:
        """Return what the program in the trainer's environment is told beside its models and rows."""
        return {"dtype": self.dtype}
