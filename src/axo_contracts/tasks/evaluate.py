"""Evaluating: how good a model is on rows that it has not seen, and whether it is better than another."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from axo_contracts.datasets import Dataset
from axo_contracts.named_model import BASE, ModelName, NamedModel
from axo_contracts.rewards import Multi, Part
from axo_contracts.strict import Count, Strict
from axo_contracts.tasks.rows_task import RowsTask
from axo_contracts.tasks.sampling import Sampling
from axo_contracts.tools import ToolName

_TaskName = Annotated[str, Field(max_length=200, pattern=r"^[A-Za-z0-9][\w-]*$")]


class GradedAnswers(Sampling):
    """The model answers each conversation anew, and a grader says what its answer is worth."""

    grader: Annotated[Part | Multi, Field(discriminator="type")]
    """What an answer is worth, from `{{sample.output_text}}` and the row: `{{item.FIELD}}`. The row's own last answer
    is `{{item.reference_answer}}`, unless the row has such a field."""


class LmEval(Strict):
    """Tasks of lm-eval (EleutherAI's language model evaluation harness), by their names."""

    tasks: Annotated[tuple[_TaskName, ...], Field(min_length=1, max_length=64)]
    """Tasks or groups that lm-eval knows, or that the operator has added (AXO_LM_EVAL_TASKS)."""
    limit: Count | None = None
    """Only so many examples of each task: for a first look, not for a figure to be told."""
    num_fewshot: Annotated[int, Field(ge=0, le=100)] | None = None
    """Solved examples that stand before each. Left out: as the task says."""


class EvaluateSpec(RowsTask):
    """Measure loss and perplexity on rows, by the tokens that training would learn from; compare with another model."""

    kind: Literal["evaluate"]
    datasets: Annotated[tuple[Dataset, ...], Field(max_length=64)] = ()
    """The rows: uploaded files, or files under a root that the operator allows. With `lm_eval` there may be none."""
    sequence_len: Annotated[int, Field(ge=8, le=1_048_576)] = 2048
    """Longest row in tokens; longer ones are left out, and counted."""
    generate: GradedAnswers | None = None
    """Let the model answer, too. Only rows that are conversations are answered."""
    lm_eval: LmEval | None = None
    """Measure it by tasks of lm-eval, too."""
    compare_with: Literal["base"] | ModelName | None = None
    """base: the model that `model` was trained from. Or any other model, named as `model` is."""

    @model_validator(mode="after")
    def _has_something_to_measure(self) -> Self:
        if not self.datasets and (self.lm_eval is None or self.generate is not None):
            raise ValueError("datasets: there are no rows to measure by; give some, or lm_eval alone")
        return self

    @property
    def tools(self) -> tuple[ToolName, ...]:
        """What a worker must have for it, beyond what every trainer has."""
        return () if self.lm_eval is None else ("lm-eval",)

    def named_models(self) -> tuple[NamedModel, ...]:
        """Return the models that it reads, the one that it is about first; the base of a result is not named."""
        if self.compare_with in (None, BASE):
            return super().named_models()
        return (*super().named_models(), NamedModel("compare_with", self.compare_with))

    def task_options(self) -> dict[str, Any]:
        """Return what the program in the trainer's environment is told beside its models and rows."""
        generate = None
        if self.generate is not None:
            grader = self.generate.grader.plugin_options()
            generate = self.generate.model_dump(mode="json", exclude={"grader"}) | {"grader": grader}
        lm_eval = None if self.lm_eval is None else self.lm_eval.model_dump(mode="json")
        return {"sequence_len": self.sequence_len, "generate": generate, "lm_eval": lm_eval}
