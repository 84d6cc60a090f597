"""Mappings whose keys are not ours: bounded, and of nothing but JSON's own types, so that they can be kept anywhere."""

import math
from typing import Annotated, Any

import msgspec
from pydantic import AfterValidator

MOST_BYTES = 256 * 1024
MOST_VALUES = 10_000
DEEPEST = 32
LARGEST = 2**63 - 1


def plain(mapping: dict[str, Any]) -> dict[str, Any]:
    """Return `mapping` as it is. Raises `ValueError` for what cannot be kept as JSON, or is larger than any config."""
    _check(mapping, "", 1, [0])
    if len(msgspec.json.encode(mapping)) > MOST_BYTES:
        raise ValueError(f"it is over {MOST_BYTES // 1024} KiB as JSON, which is more than any config needs")
    return mapping


Plain = Annotated[dict[str, Any], AfterValidator(plain)]


def _check(value: Any, where: str, depth: int, seen: list[int]) -> None:
    seen[0] += 1
    if seen[0] > MOST_VALUES:
        raise ValueError(f"it has over {MOST_VALUES} values, which is more than any config needs")
    if depth > DEEPEST:
        raise ValueError(f"it is nested over {DEEPEST} deep, which is more than any config needs")
    match value:
        case dict():
            for key, inner in value.items():
                _check_text(key, where)
                _check(inner, f"{where}.{key}"[:200], depth + 1, seen)
        case list():
            for index, inner in enumerate(value):
                _check(inner, f"{where}.{index}"[:200], depth + 1, seen)
        case str():
            _check_text(value, where)
        case float() if not math.isfinite(value):
            raise ValueError(f"{where[1:]} is {value}, which is no number that can be kept")
        case int() if abs(value) > LARGEST:
            raise ValueError(f"{where[1:]} is a number over 64 bits")


def _check_text(text: str, where: str) -> None:
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError(f"{where[1:] or 'a key'} holds text that cannot be kept, such as a NUL character")
