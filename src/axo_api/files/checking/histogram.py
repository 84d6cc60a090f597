"""Distributions in bounded memory: exact below 256, within 1 % above."""

from collections import Counter
from collections.abc import Iterable

import msgspec

_EXACT = 256
_MOST_KEYS = 8192
_MANY = 4096


class Distribution(msgspec.Struct, frozen=True):
    """How a number is distributed over the rows."""

    min: int
    median: int
    p95: int
    max: int


class Histogram:
    """Takes numbers from 0 up, and returns how they are distributed."""

    def __init__(self) -> None:
        self._waiting: list[int] = []  # counted many at once: that takes a quarter of the time
        self._counts: Counter[int] = Counter()
        self._least: int | None = None
        self._most = 0

    def add(self, values: list[int]) -> None:
        """Count some numbers."""
        self._waiting += values
        if len(self._waiting) > _MANY:
            self._count()

    def distribution(self) -> Distribution | None:
        """Return what was found, or None when nothing was counted."""
        self._count()
        if self._least is None:
            return None
        return Distribution(self._least, self._at(0.5), self._at(0.95), self._most)

    def _count(self) -> None:
        values, self._waiting = self._waiting, []
        if not values:
            return
        self._counts.update(values)
        self._least = min(values) if self._least is None else min(self._least, *values)
        self._most = max(self._most, *values)
        if len(self._counts) > _MOST_KEYS:
            self._counts = _folded(self._counts.items())

    def _at(self, part: float) -> int:
        left = part * self._counts.total()
        for value, count in sorted(self._counts.items()):
            left -= count
            if left <= 0:
                return min(value, self._most)
        return self._most


def _folded(counts: Iterable[tuple[int, int]]) -> Counter[int]:
    """Put together what shares its eight leading binary digits."""
    folded: Counter[int] = Counter()
    for value, count in counts:
        digits = max(0, value.bit_length() - _EXACT.bit_length() + 1)
        folded[value >> digits << digits] += count
    return folded
