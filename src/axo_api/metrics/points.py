"""Points in full resolution: what was logged at one step, and points as NDJSON and CSV."""

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec

from axo_contracts.frames import Metric

POINTS_A_CHUNK = 256
COLUMNS = ("job", "step", "epoch", "attempt", "time")

_encode_lines = msgspec.json.Encoder().encode_lines


class MetricPoint(msgspec.Struct, frozen=True, kw_only=True):
    """What the trainer logged at one step. A value that is no finite number is null, and named in `non_finite`."""

    job: str
    step: int
    max_steps: int
    epoch: float | None
    attempt: int
    time: datetime
    values: dict[str, float | None]
    non_finite: dict[str, str]


def point_of(job_id: str, frames: Iterable[Metric], names: Collection[str] | None) -> MetricPoint:
    """Return what frames of one step say together; a trainer may say its loss and its evaluation apart."""
    values: dict[str, float | None] = {}
    non_finite: dict[str, str] = {}
    for frame in frames:
        newest = frame
        values |= _only(frame.values, names)
        non_finite |= _only(frame.non_finite, names)
    return MetricPoint(
        job=job_id,
        step=newest.step,
        max_steps=newest.max_steps,
        epoch=newest.epoch,
        attempt=newest.attempt,
        time=newest.time,
        values=values,
        non_finite=non_finite,
    )


def as_ndjson(points: Iterable[MetricPoint]) -> Iterator[bytes]:
    """Yield points as JSON, one a line."""
    for some in _chunks(points):
        yield _encode_lines(some)


def as_csv(points: Iterable[MetricPoint], names: Sequence[str]) -> Iterator[bytes]:
    """Yield points as CSV with a column a name: a number, nan, inf or -inf, and nothing where none was said."""
    yield csv_bytes([[*COLUMNS, *names]])
    for some in _chunks(points):
        yield csv_bytes([[*_placed(point), *(_cell(point, name) for name in names)] for point in some])


def csv_bytes(rows: Sequence[Sequence[Any]]) -> bytes:
    """Return rows as lines of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _chunks(points: Iterable[MetricPoint]) -> Iterator[list[MetricPoint]]:
    left = iter(points)
    while some := [*islice(left, POINTS_A_CHUNK)]:
        yield some


def _only(said: dict[str, Any], names: Collection[str] | None) -> dict[str, Any]:
    return said if names is None else {name: value for name, value in said.items() if name in names}


def _placed(point: MetricPoint) -> list[Any]:
    return [point.job, point.step, point.epoch, point.attempt, point.time.isoformat()]


def _cell(point: MetricPoint, name: str) -> float | str | None:
    value = point.values.get(name)
    return point.non_finite.get(name) if value is None else value
