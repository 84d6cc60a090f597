"""Exporting: a whole model as one file for programs that do not read Hugging Face's folders."""

from typing import Any, Literal

from axo_contracts.resources import Resources
from axo_contracts.tasks.task_spec import TaskSpec
from axo_contracts.tools import ToolName


class ExportSpec(TaskSpec):
    """Write a whole model as GGUF, for llama.cpp and what builds on it, by llama.cpp's own converter."""

    kind: Literal["export"]
    resources: Resources = Resources(gpus=0)
    """The CPU: the converter uses no GPU."""
    format: Literal["gguf"] = "gguf"
    outtype: Literal["auto", "f32", "f16", "bf16", "q8_0"] = "auto"
    """In which numbers. auto: 16 bits, of the kind that suits the model's own."""

    @property
    def tools(self) -> tuple[ToolName, ...]:
        """What a worker must have for it, beyond what every trainer has."""
        return ("gguf-converter",)

    def task_options(self) -> dict[str, Any]:
        """Return what the program in the trainer's environment is told beside its models and rows."""
        return {"outtype": self.outtype}
