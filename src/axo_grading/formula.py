"""Formulas over the scores of graders: arithmetic, and nothing else that Python could do."""

import ast
import math
from collections.abc import Callable, Iterator, Mapping, Set
from typing import Self

LONGEST = 1000
_DEEPEST = 100

_OPERATORS: dict[type[ast.AST], Callable[..., float]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
    ast.Pow: math.pow,
    ast.USub: lambda value: -value,
    ast.UAdd: lambda value: value,
}
_FUNCTIONS: dict[str, tuple[Callable[..., float], int | None]] = {
    "min": (min, None),
    "max": (max, None),
    "abs": (abs, 1),
    "floor": (math.floor, 1),
    "ceil": (math.ceil, 1),
    "exp": (math.exp, 1),
    "sqrt": (math.sqrt, 1),
    "log": (math.log, 1),
}
"""Each with the number of values that it takes; None: two or more."""


class FormulaError(ValueError):
    """It is no formula of these graders."""


class NoValue(ArithmeticError):
    """A formula has no finite value for these scores, as with a division by zero."""


class Formula:
    """A formula that was read: numbers, names of graders, + - * / ^, and min, max, abs, floor, ceil, exp, sqrt, log."""

    def __init__(self, tree: ast.expr) -> None:
        self.tree = tree

    @classmethod
    def read(cls, text: str, names: Set[str]) -> Self:
        """Return the formula that `text` is, of graders with these names. Raises `FormulaError`."""
        if len(text) > LONGEST:
            raise FormulaError(f"it is over {LONGEST} characters long")
        try:
            tree = ast.parse(text.strip().replace("^", "**"), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise FormulaError("it is no formula") from None
        _check(tree, names, _DEEPEST)
        return cls(tree)

    def value(self, scores: Mapping[str, float]) -> float:
        """Return what the formula comes to. Raises `NoValue`."""
        try:
            value = _value(self.tree, scores)
        except (ArithmeticError, ValueError) as error:
            raise NoValue(f"the formula has no value for these scores: {error}") from None
        if not math.isfinite(value):
            raise NoValue("the formula has no finite value for these scores")
        return value

    def weights(self) -> dict[str, float] | None:
        """Return what each grader counts, if the formula only adds up graders, each times a number; else None."""
        try:
            terms = list(_terms(self.tree, 1.0))
        except (_NotASum, ArithmeticError):
            return None
        names = dict.fromkeys(name for name, _ in terms)
        sums = {name: sum(weight for of, weight in terms if of == name) for name in names}
        return sums if all(map(math.isfinite, sums.values())) else None


class _NotASum(Exception):
    pass


def _check(node: ast.expr, names: Set[str], depth: int) -> None:
    if depth == 0:
        raise FormulaError("it is nested too deeply")
    match node:
        case ast.Name(id=name) if name not in names:
            raise FormulaError(f"there is no grader {name!r}")
        case ast.Name() | ast.Constant(value=int() | float()):
            inner = []
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            inner = [left, right]
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
            inner = [operand]
        case ast.Call(func=ast.Name(id=name), args=inner, keywords=[]) if name in _FUNCTIONS:
            _check_count(name, len(inner))
        case _:
            raise FormulaError(f"it may hold numbers, graders, + - * / ^ and {', '.join(_FUNCTIONS)} only")
    for one in inner:
        _check(one, names, depth - 1)


def _check_count(name: str, given: int) -> None:
    wanted = _FUNCTIONS[name][1]
    if given != wanted if wanted else given < 2:
        raise FormulaError(f"{name} takes {'one value' if wanted else 'two or more values'}, not {given}")


def _value(node: ast.expr, scores: Mapping[str, float]) -> float:
    match node:
        case ast.Name(id=name):
            return float(scores[name])
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATORS[type(op)](_value(left, scores), _value(right, scores))
        case ast.UnaryOp(op=op, operand=operand):
            return _OPERATORS[type(op)](_value(operand, scores))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return float(_FUNCTIONS[name][0](*(_value(one, scores) for one in arguments)))
    raise AssertionError(node)


def _terms(node: ast.expr, factor: float) -> Iterator[tuple[str, float]]:
    match node:
        case ast.Name(id=name):
            yield name, factor
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            yield from _terms(left, factor)
            yield from _terms(right, factor if isinstance(op, ast.Add) else -factor)
        case ast.BinOp(left=ast.Constant(value=int() | float() as value), op=ast.Mult(), right=right):
            yield from _terms(right, factor * value)
        case ast.BinOp(left=left, op=ast.Mult(), right=ast.Constant(value=int() | float() as value)):
            yield from _terms(left, factor * value)
        case ast.BinOp(left=left, op=ast.Div(), right=ast.Constant(value=int() | float() as value)):
            yield from _terms(left, factor / value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield from _terms(operand, -factor)
        case _:
            raise _NotASum
