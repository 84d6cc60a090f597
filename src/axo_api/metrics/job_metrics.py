"""A job's metrics, read: by name as series, or by step as points. What a later attempt did again, it stands for."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from axo_api.metrics.building import build_when_missing
from axo_api.metrics.columns import Column
from axo_api.metrics.lines import STEPS_END
from axo_api.metrics.parts import Part, parts_of
from axo_api.metrics.points import MetricPoint, point_of
from axo_api.metrics.series import Series
from axo_contracts import storage_paths
from axo_contracts.frames import Metric

Values = dict[str, float | None]


class Known(NamedTuple):
    """The newest value of a metric at some moment, and the step that it is of. No finite number: None."""

    step: int
    value: float | None


class JobMetrics:
    """What was measured in a job up to the moment that it was opened."""

    def __init__(self, job_id: str, parts: Sequence[Part]) -> None:
        self.job_id = job_id
        self._parts = parts

    @classmethod
    def of(cls, storage_root: Path, job_id: str) -> "JobMetrics":
        """Open the metrics of a job, whosever it is. Those that are in no file yet are made from its journal.

        Raises `OSError`.
        """
        path = storage_root / storage_paths.metrics(job_id)
        build_when_missing(path, storage_root / storage_paths.journal(job_id))
        return cls(job_id, parts_of(path) if path.exists() else [])

    def names(self) -> list[str]:
        """Return the names of all metrics, in the order in which they came."""
        return [*dict.fromkeys(name for part in self._parts for name in part.names)]

    def series(self, name: str, from_step: int = 0) -> Series:
        """Return every point of one metric from a step on."""
        columns = (
            _between(part, part.column(name), from_step, before)
            for part, before in self._standing(from_step)
            if name in part.names
        )
        return Series([column for column in columns if len(column.steps)])

    def points(self, names: Collection[str] | None = None, from_step: int = 0) -> Iterator[MetricPoint]:
        """Yield what was measured from a step on, one point a step, of `names` only (None: of all)."""
        frames = (
            frame
            for part, before in self._standing(from_step)
            for frame in part.frames()
            if from_step <= frame.step < before
        )
        for _, of_step in groupby(frames, key=lambda frame: frame.step):
            point = point_of(self.job_id, of_step, names)
            if point.values:
                yield point

    def newest_first(self, attempt: int, up_to_step: int) -> Iterator[Metric]:
        """Yield what was measured in an attempt up to a step, and in all attempts before it."""
        last = attempt, up_to_step
        for part in reversed(self._parts):
            if (part.attempt, part.first_step) <= last:
                yield from (frame for frame in reversed([*part.frames()]) if (frame.attempt, frame.step) <= last)

    def values_at(self, places: Collection[tuple[int, int]], names: Iterable[str]) -> dict[tuple[int, int], Values]:
        """Return the values of `names` that attempts had at steps, by `(attempt, step)`. No finite number: None."""
        found: dict[tuple[int, int], Values] = {}
        wanted = [*names]
        for part in self._parts:
            steps = [step for at, step in places if at == part.attempt and part.first_step <= step <= part.last_step]
            for name in part.names if steps else ():
                for step, value in _chosen(part.column(name), steps) if name in wanted else ():
                    found.setdefault((part.attempt, step), {})[name] = value
        return found

    def known_by(self, attempt: int, steps: Collection[int], names: Iterable[str]) -> dict[int, dict[str, Known]]:
        """Return the newest value of each of `names` up to each of `steps`, as the attempt knew it, by step."""
        then = JobMetrics(self.job_id, [part for part in self._parts if part.attempt <= attempt])
        found: dict[int, dict[str, Known]] = {step: {} for step in steps}
        for name in names:
            series = then.series(name)
            for step in steps:
                if (point := series.newest_up_to(step)) is not None:
                    found[step][name] = Known(point[0], point[1] if isfinite(point[1]) else None)
        return found

    def ends_of(self, attempt: int) -> tuple[Metric, Metric] | None:
        """Return the first that an attempt measured, and the first that it measured at its last step."""
        parts = [part for part in self._parts if part.attempt == attempt]
        if not parts:
            return None
        last_step = max(part.last_step for part in parts)
        at_last = (frame for part in parts if part.last_step == last_step for frame in part.frames())
        return next(parts[0].frames()), next(frame for frame in at_last if frame.step == last_step)

    def _standing(self, from_step: int) -> list[tuple[Part, int]]:
        """Return the parts that count from a step on, each with the step at which a later attempt takes its place."""
        standing: list[tuple[Part, int]] = []
        before = STEPS_END
        for _, parts in groupby(reversed(self._parts), key=lambda part: part.attempt):
            of_attempt = [*parts]
            standing += [(part, before) for part in of_attempt if part.first_step < before]
            before = min(before, *(part.first_step for part in of_attempt))
        return [(part, before) for part, before in reversed(standing) if part.last_step >= from_step]


def _between(part: Part, column: Column, from_step: int, before: int) -> Column:
    if from_step <= part.first_step and part.last_step < before:
        return column
    return column.taken((column.steps >= from_step) & (column.steps < before))


def _chosen(column: Column, steps: Collection[int]) -> Iterator[tuple[int, float | None]]:
    for step in steps:
        values = column.values[column.steps == step]
        if len(values):
            value = float(values[-1])
            yield step, value if isfinite(value) else None
