"""What OpenAI's clients ask of graders, and what they are answered."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from axo_contracts.plain_data import Plain

MOST_CHARACTERS = 200_000
"""Of an answer, and of what a grader's template becomes."""


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    grader: Plain
    """A string_check, text_similarity, python or multi grader."""


class ValidateGrader(_Asked):
    """A grader to look at."""


class RunGrader(_Asked):
    """A grader, and an answer for it to grade."""

    model_sample: Annotated[str, Field(max_length=MOST_CHARACTERS)]
    """The model's answer: `{{sample.output_text}}`, and where it is JSON, `{{sample.output_json}}`."""
    item: Annotated[Plain, Field(default_factory=dict)]
    """The row: `{{item.FIELD}}`."""


class _Object(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class ValidatedGrader(_Object):
    """A grader that can be used."""

    grader: dict[str, Any]


class GraderErrors(_Object):
    """What went wrong; where anything did, the grader counts 0."""

    formula_parse_error: bool = False
    """`calculate_output` is no formula of these graders."""
    invalid_variable_error: bool = False
    """A template names a field that the item, or the answer's JSON, does not have."""
    sample_parse_error: bool = False
    """A template asks for a part of the answer as JSON, and it is not JSON."""
    other_error: bool = False
    """The formula has no value for these scores, as with a division by zero."""
    python_grader_runtime_error: bool = False
    python_grader_runtime_error_details: str | None = None
    """The code's own error, or the limit that it went over."""
    python_grader_server_error: bool = False
    python_grader_server_error_type: str | None = None
    model_grader_parse_error: bool = False
    model_grader_refusal_error: bool = False
    model_grader_server_error: bool = False
    model_grader_server_error_details: str | None = None
    truncated_observation_error: bool = False
    unresponsive_reward_error: bool = False


class GraderMetadata(_Object):
    """How the grading went."""

    name: str
    type: str
    errors: GraderErrors
    execution_time: float
    """In seconds."""
    scores: dict[str, float]
    """What each grader without a formula came to, by its name."""
    token_usage: int | None = None
    """null: no model grades here."""
    sampled_model_name: str | None = None


class GraderRun(_Object):
    """What an answer is worth."""

    reward: float
    sub_rewards: dict[str, float]
    """For a multi grader, what each of its graders came to."""
    metadata: GraderMetadata
    model_grader_token_usage_per_model: dict[str, int]
    """Empty: no model grades here."""
