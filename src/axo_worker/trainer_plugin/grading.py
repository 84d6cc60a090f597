"""What an answer is worth, from 0 to 1, by each type of reward."""

import json
import re
from collections.abc import Callable
from difflib import SequenceMatcher
from typing import Any

Options = dict[str, Any]
Row = dict[str, Any]

_PLACEHOLDER = re.compile(r"\{\{\s*(sample\.output_text|item\.([^\s{}.]+))\s*\}\}")


def grade(options: Options, answer: str, row: Row) -> float:
    """Return what `answer` to `row` is worth. Raises KeyError for a field that the row lacks."""
    graders: dict[str, Callable[[Options, str, str], float]] = {
        "string_check": _string_check,
        "text_similarity": _text_similarity,
        "regex": _regex,
        "length": _length,
    }
    reference = filled(options.get("reference", ""), answer, row)
    return graders[options["type"]](options, filled(options["input"], answer, row), reference)


def filled(template: str, answer: str, row: Row) -> str:
    """Return `template` with the answer and the row's fields in their places."""
    return _PLACEHOLDER.sub(lambda match: answer if match[2] is None else _text(row[match[2]]), template)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _string_check(options: Options, text: str, reference: str) -> float:
    match options["operation"]:
        case "eq":
            return float(text == reference)
        case "ne":
            return float(text != reference)
        case "like":
            return float(reference in text)
        case _:
            return float(reference.casefold() in text.casefold())


def _text_similarity(options: Options, text: str, reference: str) -> float:
    if options["evaluation_metric"] == "exact_match":
        return float(text.casefold().split() == reference.casefold().split())
    return SequenceMatcher(None, text, reference, autojunk=False).ratio()


def _regex(options: Options, text: str, _: str) -> float:
    return float(re.search(options["pattern"], text, re.DOTALL) is not None)


def _length(options: Options, text: str, _: str) -> float:
    length = len(text.split()) if options["unit"] == "words" else len(text)
    fewest, most = int(options["minimum"]), int(options["maximum"])
    if length < fewest:
        return length / fewest
    return max(0.0, 1 - max(0, length - most) / most)
