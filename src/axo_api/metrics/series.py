"""The points of one metric over all parts of a job, without a copy of what nobody looks at."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np

from axo_api.metrics.columns import Column, Floats, Places


class Series:
    """Points by rising steps, one a step: of several that were said, the one that was said last.

    It is made of columns, each by rising steps and not empty.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = [*columns] if _are_rising(columns) else [_joined(columns).in_order()]
        self._ends = [*accumulate(len(column.steps) for column in self._columns)]

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @property
    def values(self) -> Floats:
        """All values, in their order."""
        return np.concatenate([column.values for column in self._columns]) if self._columns else np.empty(0)

    def newest_up_to(self, step: int) -> tuple[int, float] | None:
        """Return the last point at or before a step, as its step and its value."""
        for column in reversed(self._columns):
            if place := int(np.searchsorted(column.steps, step, "right")):
                return int(column.steps[place - 1]), float(column.values[place - 1])
        return None

    def at(self, places: Places) -> Column:
        """Return the points at rising places."""
        bounds = np.searchsorted(places, self._ends).tolist()
        starts = [0, *bounds]
        begins = [0, *self._ends]
        return _joined(
            [
                column.taken(places[start:end] - begin)
                for column, begin, start, end in zip(self._columns, begins, starts, bounds, strict=False)
                if end > start
            ]
        )


def _are_rising(columns: Sequence[Column]) -> bool:
    return all(before.steps[-1] < after.steps[0] for before, after in pairwise(columns))


def _joined(columns: Sequence[Column]) -> Column:
    if not columns:
        return Column(np.empty(0, np.int64), np.empty(0), np.empty(0))
    return Column(*(np.concatenate(parts) for parts in zip(*columns, strict=True)))
