"""What an answer is worth: a class each, by OpenAI's grader names. A new one: its class here, and how it grades in
`axo_grading`."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from axo_contracts.strict import NO_NUL, Line, Strict
from axo_grading.formula import LONGEST, Formula
from axo_grading.templates import unknown_placeholder


def _with_known_placeholders(template: str) -> str:
    if (inner := unknown_placeholder(template)) is not None:
        raise ValueError(
            f"{{{{{inner}}}}} stands for nothing; write {{{{sample.output_text}}}} for the model's answer, "
            "{{sample.output_json.FIELD}} for a part of one that is JSON, or {{item.FIELD}} for a field of the row"
        )
    return template


Template = Annotated[str, Field(max_length=4096, pattern=NO_NUL), AfterValidator(_with_known_placeholders)]
"""Text in which {{sample.output_text}} stands for the model's answer, and {{item.FIELD}} for a field of the row."""

Metric = Literal[
    "fuzzy_match", "exact_match", "bleu", "gleu", "rouge_1", "rouge_2", "rouge_3", "rouge_4", "rouge_5", "rouge_l"
]
"""How likeness is measured, from 0 to 1."""


class _Reward(Strict):
    name: Annotated[str, Field(max_length=64, pattern=r"^[a-z][a-z0-9_]*$")] | None = None
    """Names its metrics, as in `rewards/correct/mean`. Left out: its type."""
    weight: Annotated[float, Field(ge=-1e6, le=1e6)] = 1.0
    """What it counts in the sum of all rewards."""

    def plugin_options(self) -> dict[str, Any] | None:
        """Return what the plugin needs in order to grade by it."""
        return self.model_dump(mode="json", exclude={"name", "weight"})


class StringCheck(_Reward):
    """1 when the answer compares so to the reference, else 0."""

    type: Literal["string_check"] = "string_check"
    operation: Literal["eq", "ne", "like", "ilike"] = "eq"
    """eq: the same; ne: not the same; like: holds the reference; ilike: holds it in any case."""
    input: Template = "{{sample.output_text}}"
    """What is compared."""
    reference: Template = "{{item.reference_answer}}"
    """What it is compared to."""


class TextSimilarity(_Reward):
    """From 0 to 1: how alike the answer and the reference are."""

    type: Literal["text_similarity"] = "text_similarity"
    evaluation_metric: Metric = "fuzzy_match"
    """fuzzy_match: the share of characters that both have in one order; exact_match: 1 for the same text but for case
    and white space; bleu, gleu, rouge_1 to rouge_5: words and sequences of words that both have; rouge_l: the longest
    sequence of words that both have in one order."""
    input: Template = "{{sample.output_text}}"
    """What is compared."""
    reference: Template = "{{item.reference_answer}}"
    """What it is compared to."""


class Regex(_Reward):
    """1 when the pattern is found in the answer, else 0."""

    type: Literal["regex"] = "regex"
    pattern: Annotated[str, Field(min_length=1, max_length=1000, pattern=NO_NUL)]
    """A Python regular expression, as in `<answer>.*</answer>`. A dot takes line ends too."""
    input: Template = "{{sample.output_text}}"
    """What is searched."""

    @model_validator(mode="after")
    def _is_a_pattern(self) -> Self:
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"pattern is no regular expression: {error}") from None
        return self


class Length(_Reward):
    """1 for an answer of the wanted length; less the farther it is from it, down to 0 at none or at twice as much."""

    type: Literal["length"] = "length"
    unit: Literal["characters", "words"] = "words"
    """What is counted."""
    minimum: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """The fewest that are wanted."""
    maximum: Annotated[int, Field(ge=1, le=1_000_000)]
    """The most that are wanted."""
    input: Template = "{{sample.output_text}}"
    """What is measured."""

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.minimum > self.maximum:
            raise ValueError("minimum is over maximum; give a minimum that is not")
        return self


class PythonReward(_Reward):
    """A function of your own, which the trainer imports: `module.function`. Needs the permission for unsafe code.

    It is called as `function(prompts, completions, **columns)` and returns a number a completion.
    """

    type: Literal["python"] = "python"
    function: Annotated[Line, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")]
    """The function, importable on the worker."""

    def plugin_options(self) -> dict[str, Any] | None:
        """Return nothing: the trainer calls it without the plugin."""
        return None


Part = Annotated[StringCheck | TextSimilarity | Regex | Length, Field(discriminator="type")]
"""What a formula may combine."""

PartName = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""What a formula calls a grader."""


class Multi(_Reward):
    """What a formula makes of the worth by several graders."""

    type: Literal["multi"] = "multi"
    graders: Annotated[dict[PartName, Part], Field(min_length=1, max_length=16)]
    """The graders, by the names that the formula has for them. Their own name and weight count for nothing."""
    calculate_output: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    """The formula, as in `0.8 * correct + min(0.2, short)`: numbers, graders, + - * / ^ and the functions min, max,
    abs, floor, ceil, exp, sqrt and log. Where it has no value, as with a division by zero, the answer is worth 0."""

    @model_validator(mode="after")
    def _is_a_formula(self) -> Self:
        Formula.read(self.calculate_output, self.graders.keys())
        return self

    def plugin_options(self) -> dict[str, Any]:
        """Return what the plugin needs in order to grade by it."""
        graders = {name: grader.plugin_options() for name, grader in self.graders.items()}
        return {"type": self.type, "graders": graders, "calculate_output": self.calculate_output}


Reward = Annotated[StringCheck | TextSimilarity | Regex | Length | Multi | PythonReward, Field(discriminator="type")]


def named(rewards: tuple[Reward, ...]) -> dict[str, Reward]:
    """Return the rewards by their names; those of one type without a name are numbered from the second on."""
    found: dict[str, Reward] = {}
    for reward in rewards:
        name = reward.name or _free_name(reward.type, found)
        if name in found:
            raise ValueError(f"two rewards are named {name!r}; give each a name of its own")
        found[name] = reward
    return found


def _free_name(kind: str, taken: dict[str, Reward]) -> str:
    names = [kind, *(f"{kind}_{number}" for number in range(2, len(taken) + 2))]
    return next(name for name in names if name not in taken)
