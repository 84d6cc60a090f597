"""Metrics by name: the steps, epochs and values of each. What is no finite number stays what it was."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from axo_contracts.frames import Metric

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

NAN = float("nan")
NON_FINITE = {"nan": NAN, "inf": float("inf"), "-inf": float("-inf")}


class Column(NamedTuple):
    """Points of one metric, each at its own step. An epoch that was not said is NaN."""

    steps: NDArray[np.int64]
    epochs: Floats
    values: Floats

    def taken(self, chosen: Any) -> "Column":
        """Return a copy of the chosen points, by their places or by a mask."""
        return Column(self.steps[chosen], self.epochs[chosen], self.values[chosen])

    def in_order(self) -> "Column":
        """Return the points by rising steps, one a step: of several, the one that was said last."""
        if bool((self.steps[1:] > self.steps[:-1]).all()):
            return self
        places = np.argsort(self.steps, kind="stable")
        ordered = self.steps[places]
        is_last = np.append(ordered[1:] != ordered[:-1], True)
        return self.taken(places[is_last])


def names_in(frames: Sequence[Metric]) -> list[str]:
    """Return what frames have measured, in the order in which it came."""
    return [*dict.fromkeys(chain.from_iterable(frame.values for frame in frames))]


def column_of(frames: Sequence[Metric], name: str) -> Column:
    """Return what frames say of one metric, by rising steps."""
    said = [frame for frame in frames if name in frame.values]
    column = Column(
        np.array([frame.step for frame in said], np.int64),
        np.array([NAN if frame.epoch is None else frame.epoch for frame in said], np.float64),
        np.array([_number(frame.values[name], name, frame.non_finite) for frame in said], np.float64),
    )
    return column.in_order()


def _number(value: float | None, name: str, non_finite: Mapping[str, str]) -> float:
    return NON_FINITE.get(non_finite.get(name, ""), NAN) if value is None else value
