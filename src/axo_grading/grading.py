"""What an answer is worth by each type of grader."""

from collections.abc import Callable, Mapping
from typing import Any

from .checks import length, regex, string_check
from .formula import Formula, NoValue
from .similarity import text_similarity
from .templates import MissingInAnswer, UnreadableAnswer, filled

Options = Mapping[str, Any]
Row = Mapping[str, Any]

_GRADERS: dict[str, Callable[[Options, str, str], float]] = {
    "string_check": string_check,
    "text_similarity": text_similarity,
    "regex": regex,
    "length": length,
}


def grade(options: Options, answer: str, row: Row) -> float:
    """Return what `answer` to `row` is worth: 0 where the answer leaves the grader without a value.

    Raises `MissingField` for a field that the row lacks.
    """
    try:
        return _combined(options, answer, row) if options["type"] == "multi" else score(options, answer, row)
    except (MissingInAnswer, NoValue, UnreadableAnswer):
        return 0.0


def score(options: Options, answer: str, row: Row) -> float:
    """Return what `answer` is worth by one grader that is no `multi`. Raises what `templates.filled` raises."""
    reference = filled(options.get("reference", ""), answer, row)
    return _GRADERS[options["type"]](options, filled(options["input"], answer, row), reference)


def _combined(options: Options, answer: str, row: Row) -> float:
    graders = options["graders"]
    scores = {name: grade(grader, answer, row) for name, grader in graders.items()}
    return Formula.read(options["calculate_output"], graders.keys()).value(scores)
