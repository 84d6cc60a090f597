"""OpenAI's graders as native rewards."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from axo_api.errors import Invalid

WHERE = "method.reinforcement.grader"
MOST_GRADERS = 16
MOST_FORMULA = 1000

_NOT_HERE = {
    "python": "a python grader runs code of yours on the GPU hosts. Put the function where the trainer can import it, "
    "and ask for it natively: method {type: grpo, rewards: [{type: python, function: module.function}]}, with a key "
    "that permits unsafe_code",
    "score_model": "no model grades here; use string_check, text_similarity or multi",
    "label_model": "no model grades here; use string_check, text_similarity or multi",
}


def rewards_of(grader: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rewards that a grader means. Raises `Invalid`; what is wrong in a reward itself is found later."""
    if grader.get("type") != "multi":
        return [_reward(grader, WHERE, weight=1.0)]
    graders = grader.get("graders")
    if not isinstance(graders, dict) or not 1 <= len(graders) <= MOST_GRADERS:
        raise _invalid(f"{WHERE}.graders", f"name 1 to {MOST_GRADERS} graders, as an object of name → grader")
    if "type" in graders:  # a single one, as the clients' types have it
        graders = {str(graders.get("name", "grader")): graders}
    weights = _weights(str(grader.get("calculate_output", "")), set(graders))
    return [
        _reward(one, f"{WHERE}.graders.{name}", weight=weights[name], name=name)
        for name, one in graders.items()
        if weights.get(name)
    ]


def _reward(grader: Any, where: str, *, weight: float, name: str | None = None) -> dict[str, Any]:
    if not isinstance(grader, dict):
        raise _invalid(where, "a grader is an object with a type")
    kind = grader.get("type")
    if kind in _NOT_HERE:
        raise _invalid(where, _NOT_HERE[kind])
    if kind not in {"string_check", "text_similarity"}:
        raise _invalid(f"{where}.type", f"{str(kind)[:64]!r} is none of string_check, text_similarity and multi")
    return {**grader, "name": _slug(name or str(grader.get("name", kind))), "weight": weight}


def _slug(name: str) -> str:
    """Return a grader's name as metrics are named."""
    slug = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")
    return (slug if slug[:1].isalpha() else f"grader_{slug}")[:64].rstrip("_")


def _weights(formula: str, names: set[str]) -> dict[str, float]:
    """Return what each grader counts in a formula that adds up graders, each times a number."""
    where = f"{WHERE}.calculate_output"
    try:
        if len(formula) > MOST_FORMULA:
            raise ValueError("it is too long")
        terms = list(_terms(ast.parse(formula.strip(), mode="eval").body, 1.0, names))
    except (SyntaxError, ValueError, RecursionError, MemoryError, ZeroDivisionError, OverflowError) as error:
        reason = str(error) if isinstance(error, ValueError) else "it is no formula"
        raise _invalid(
            where, f"{reason}; write a sum of graders, each times a number, as in 0.7 * correct + 0.3 * short"
        ) from None
    return {name: sum(weight for of, weight in terms if of == name) for name in names}


def _terms(node: ast.expr, factor: float, names: set[str]) -> Iterator[tuple[str, float]]:
    match node:
        case ast.Name(id=name) if name in names:
            yield name, factor
        case ast.Name(id=name):
            raise ValueError(f"there is no grader {name!r}")
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from _terms(left, factor, names)
            yield from _terms(right, factor, names)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            yield from _terms(left, factor, names)
            yield from _terms(right, -factor, names)
        case ast.BinOp(left=ast.Constant(value=int() | float() as value), op=ast.Mult(), right=right):
            yield from _terms(right, factor * value, names)
        case ast.BinOp(left=left, op=ast.Mult(), right=ast.Constant(value=int() | float() as value)):
            yield from _terms(left, factor * value, names)
        case ast.BinOp(left=left, op=ast.Div(), right=ast.Constant(value=int() | float() as value)):
            yield from _terms(left, factor / value, names)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield from _terms(operand, -factor, names)
        case _:
            raise ValueError("only sums of graders, each times a number, can be trained on here")


def _invalid(where: str, why: str) -> Invalid:
    return Invalid(f"{where}: {why}.", param=where)
