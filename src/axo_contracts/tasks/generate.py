"""Generating: a file of prompts in, a file of answers out."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from axo_contracts.datasets import Dataset
from axo_contracts.format_names import FormatName
from axo_contracts.tasks.rows_task import RowsTask
from axo_contracts.tasks.sampling import Sampling


class GenerateSpec(RowsTask, Sampling):
    """Let the model answer each row: `{"prompt": text or messages}`, or `{"messages": […]}`.

    Of messages that end with an answer, that answer is left out, and stands beside the model's as the reference.
    """

    formats: ClassVar[tuple[FormatName, ...]] = ("prompts", "chat_template")

    kind: Literal["generate"]
    datasets: Annotated[tuple[Dataset, ...], Field(min_length=1, max_length=64)]
    """The rows: uploaded files, or files under a root that the operator allows."""
    n: Annotated[int, Field(ge=1, le=128)] = 1
    """Answers to each row."""

    def task_options(self) -> dict[str, Any]:
        """Return what the program in the trainer's environment is told beside its models and rows."""
        return {**self.model_dump(mode="json", include=set(Sampling.model_fields)), "n": self.n}
