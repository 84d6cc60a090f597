"""What an answer is worth: a class each, by OpenAI's grader names. A new one: its class here, and how it grades in the
trainer plugin's `grading.py`."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from axo_contracts.strict import Line, Strict

_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}")
_KNOWN = re.compile(r"\s*(sample\.output_text|item\.[^\s{}.]+)\s*")


def _with_known_placeholders(template: str) -> str:
    for inner in _PLACEHOLDER.findall(template):
        if _KNOWN.fullmatch(inner) is None:
            raise ValueError(
                f"{{{{{inner}}}}} stands for nothing; write {{{{sample.output_text}}}} for the model's answer, or "
                "{{item.FIELD}} for a field of the row"
            )
    return template


Template = Annotated[str, Field(max_length=4096), AfterValidator(_with_known_placeholders)]
"""Text in which {{sample.output_text}} stands for the model's answer, and {{item.FIELD}} for a field of the row."""


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
    evaluation_metric: Literal["fuzzy_match", "exact_match"] = "fuzzy_match"
    """fuzzy_match: the share of matching characters; exact_match: 1 for the same text but for case and white space."""
    input: Template = "{{sample.output_text}}"
    """What is compared."""
    reference: Template = "{{item.reference_answer}}"
    """What it is compared to."""


class Regex(_Reward):
    """1 when the pattern is found in the answer, else 0."""

    type: Literal["regex"] = "regex"
    pattern: Annotated[str, Field(min_length=1, max_length=1000)]
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


Reward = Annotated[StringCheck | TextSimilarity | Regex | Length | PythonReward, Field(discriminator="type")]


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
