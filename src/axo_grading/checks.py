"""Graders that look at one thing of a text. Each takes its options, the text and the reference, and returns 0 to 1."""

import re
from collections.abc import Mapping
from typing import Any

Options = Mapping[str, Any]


def string_check(options: Options, text: str, reference: str) -> float:
    """Return 1 when the text compares so to the reference, else 0."""
    match options["operation"]:
        case "eq":
            return float(text == reference)
        case "ne":
            return float(text != reference)
        case "like":
            return float(reference in text)
        case _:
            return float(reference.casefold() in text.casefold())


def regex(options: Options, text: str, _: str) -> float:
    """Return 1 when the pattern is found in the text, else 0."""
    return float(re.search(options["pattern"], text, re.DOTALL) is not None)


def length(options: Options, text: str, _: str) -> float:
    """Return 1 for a text of the wanted length; less the farther it is from it."""
    found = len(text.split()) if options["unit"] == "words" else len(text)
    fewest, most = int(options["minimum"]), int(options["maximum"])
    if found < fewest:
        return found / fewest
    return max(0.0, 1 - max(0, found - most) / most)
