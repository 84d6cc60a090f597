"""Whether Axolotl would take a value for a type, and the type in words. Its pydantic converts as it reads."""

import math
from typing import Any

from axo_api.axolotl.config_schema import Node

TRUTHS = frozenset({"0", "1", "off", "on", "f", "t", "false", "true", "n", "y", "no", "yes"})


def fits(value: Any, node: Node) -> bool:
    """Return whether a schema without unions takes `value`, after the conversions that pydantic makes."""
    if "const" in node:
        return bool(value == node["const"])
    if "enum" in node:
        return value in node["enum"]
    match node.get("type"):
        case None:
            return True
        case "null":
            return value is None
        case "string":
            return isinstance(value, str)
        case "boolean":
            return value in (0, 1) or (isinstance(value, str) and value.lower() in TRUTHS)
        case "integer":
            number = _number(value)
            return number is not None and number.is_integer() and _is_within(number, node)
        case "number":
            number = _number(value)
            return number is not None and _is_within(number, node)
        case "array":
            return isinstance(value, list) and _has_length_within(value, node)
        case _:
            return isinstance(value, dict)


def in_words(nodes: tuple[Node, ...]) -> str:
    """Return the types that `nodes` stand for, for a person to read."""
    words = list(dict.fromkeys(_word(node) for node in nodes if node.get("type") != "null"))
    return " or ".join(words) if words else "nothing (leave it empty)"


def _word(node: Node) -> str:
    if "const" in node:
        return repr(node["const"])
    if "enum" in node:
        return f"one of {', '.join(repr(value) for value in node['enum'])}"
    match node.get("type"):
        case "string":
            return "text"
        case "boolean":
            return "true or false"
        case "integer":
            return f"a whole number{_bounds(node)}"
        case "number":
            return f"a number{_bounds(node)}"
        case "array":
            return f"a list{_length(node)}"
        case "object":
            return "a mapping"
        case _:
            return "anything"


def _number(value: Any) -> float | None:
    if not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _is_within(number: float, node: Node) -> bool:
    return (
        node.get("minimum", -math.inf) <= number <= node.get("maximum", math.inf)
        and not number <= node.get("exclusiveMinimum", -math.inf)
        and not number >= node.get("exclusiveMaximum", math.inf)
    )


def _has_length_within(value: list[Any], node: Node) -> bool:
    return bool(node.get("minItems", 0) <= len(value) <= node.get("maxItems", math.inf))


BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}


def _bounds(node: Node) -> str:
    said = [f"{word} {node[bound]}" for bound, word in BOUNDS.items() if bound in node]
    return f" {' and '.join(said)}" if said else ""


def _length(node: Node) -> str:
    return f" of at least {node['minItems']}" if node.get("minItems") else ""
