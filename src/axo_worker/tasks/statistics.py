"""Means with their standard errors, of one model and of the difference between two on the same rows."""

import math
from collections.abc import Sequence
from typing import NamedTuple


class Mean(NamedTuple):
    """A mean, and its standard error; None for that of a single value."""

    value: float
    standard_error: float | None


def mean(values: Sequence[float]) -> Mean:
    """Return the mean of independent values, of which there is at least one."""
    return ratio(values, [1.0] * len(values))


def ratio(sums: Sequence[float], counts: Sequence[float]) -> Mean:
    """Return Σ sums / Σ counts over rows that are independent, with the standard error of a ratio of two means."""
    rows, total = len(sums), sum(counts)
    value = sum(sums) / total
    if rows < 2:
        return Mean(value, None)
    squares = sum((part - value * count) ** 2 for part, count in zip(sums, counts, strict=True))
    return Mean(value, math.sqrt(squares * rows / (rows - 1)) / total)


def differences(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Return what ours has more than theirs, row by row."""
    return [one - other for one, other in zip(ours, theirs, strict=True)]


def perplexity(loss: float) -> float | None:
    """Return e to the loss; None where that is no finite number."""
    return math.exp(loss) if loss < 700 else None
