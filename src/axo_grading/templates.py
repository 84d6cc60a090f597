"""Templates: `{{ item.FIELD }}` stands for a field of the row, `{{ sample.output_text }}` for the model's answer."""

import json
import re
from collections.abc import Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}")
_STEP = r"(?:\.[^\s{}.\[\]]+|\[\d{1,9}\])"
_FIELD = rf"(?P<root>sample\.output_json|item(?=\.))(?P<path>{_STEP}*)"
_KNOWN = re.compile(rf"\s*(?:sample\.(?P<text>output_text)|{_FIELD})\s*")
_EACH_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")


class MissingField(KeyError):
    """The row has no such field."""


class UnreadableAnswer(ValueError):
    """The template asks for a part of the answer as JSON, and the answer is not JSON."""


class MissingInAnswer(ValueError):
    """The answer is JSON, but has no such field."""


def unknown_placeholder(template: str) -> str | None:
    """Return what stands between the braces of the first placeholder that stands for nothing, if there is one."""
    return next((inner for inner in _PLACEHOLDER.findall(template) if _KNOWN.fullmatch(inner) is None), None)


def filled(template: str, answer: str, row: Mapping[str, Any]) -> str:
    """Return `template` with the answer and the row's fields in their places; what is no text stands there as JSON.

    Raises `MissingField`, `UnreadableAnswer` and `MissingInAnswer`.
    """
    return _PLACEHOLDER.sub(lambda match: _value(match, answer, row), template)


def _value(match: re.Match[str], answer: str, row: Mapping[str, Any]) -> str:
    known = _KNOWN.fullmatch(match[1])
    if known is None:
        return match[0]
    if known["text"]:
        return answer
    if known["root"] == "item":
        return _text(_at(row, known["path"], MissingField(f"the row has no {match[1].strip()}")))
    lacks = MissingInAnswer(f"the answer's JSON has no {match[1].strip()}")
    return _text(_at(_as_json(answer), known["path"], lacks))


def _as_json(answer: str) -> Any:
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        raise UnreadableAnswer("the answer is not JSON, and the template asks for sample.output_json") from None


def _at(value: Any, path: str, lacks: Exception) -> Any:
    for name, index in _EACH_STEP.findall(path):
        try:
            value = value[int(index)] if index else value[name]
        except (KeyError, IndexError, TypeError):
            raise lacks from None
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
