"""Scoring: how well a model foresees texts, token by token."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from axo_contracts.strict import NO_NUL
from axo_contracts.tasks.rows_task import RowsTask

_Text = Annotated[str, Field(min_length=1, max_length=100_000, pattern=NO_NUL)]


class ScoreSpec(RowsTask):
    """Say for each token how surprised the model is by it, and of each row the loss and the perplexity."""

    kind: Literal["score"]
    texts: Annotated[tuple[_Text, ...], Field(max_length=64)] = ()
    """Texts, every token of which counts. They stand before the rows of `datasets`."""
    top_k: Annotated[int, Field(ge=0, le=100)] = 0
    """How many of the tokens that the model held likeliest are listed at each place."""
    sequence_len: Annotated[int, Field(ge=8, le=1_048_576)] = 2048
    """Longest row in tokens; longer ones are left out, and counted."""

    @model_validator(mode="after")
    def _has_something_to_score(self) -> Self:
        if not self.texts and not self.datasets:
            raise ValueError("there is nothing to score; give texts or datasets")
        return self

    def task_options(self) -> dict[str, Any]:
        """Return what the program in the trainer's environment is told beside its models and rows."""
        return {"texts": list(self.texts), "top_k": self.top_k, "sequence_len": self.sequence_len}
