"""What can be asked of metrics. Each function reads files, and belongs into a thread."""

from collections.abc import Iterator, Sequence
from math import isfinite, isnan
from pathlib import Path
from typing import Literal, NamedTuple

from axo_api.metrics.columns import Column
from axo_api.metrics.job_metrics import JobMetrics
from axo_api.metrics.points import MetricPoint, as_csv, as_ndjson
from axo_api.metrics.schemas import MetricSeries, MetricSeriesList, NonFinite
from axo_api.metrics.thinning import thin


class Wanted(NamedTuple):
    """Which metrics: of which jobs, which names (None: all), and from which step on."""

    storage_root: Path
    job_ids: Sequence[str]
    names: Sequence[str] | None
    from_step: int


def series_json(wanted: Wanted, most: int) -> bytes:
    """Return a `MetricSeriesList` as JSON, of at most `most` points a series. A name that a job lacks has no points."""
    found = []
    for job_id in wanted.job_ids:
        metrics = JobMetrics.of(wanted.storage_root, job_id)
        names = metrics.names() if wanted.names is None else wanted.names
        found += [_series(metrics, name, wanted.from_step, most) for name in names]
    return MetricSeriesList(data=found).model_dump_json().encode()


def ndjson(wanted: Wanted) -> Iterator[bytes]:
    """Yield every point as JSON, one a line, job after job, in bounded memory."""
    return as_ndjson(_points(wanted))


def csv(wanted: Wanted) -> Iterator[bytes]:
    """Yield every point as CSV, job after job, in bounded memory."""
    names = wanted.names if wanted.names is not None else _names(wanted)
    return as_csv(_points(wanted), names)


def _series(metrics: JobMetrics, name: str, from_step: int, most: int) -> MetricSeries:
    series = metrics.series(name, from_step)
    shown = series.at(thin(series.values, most))
    return MetricSeries.model_construct(
        job=metrics.job_id,
        name=name,
        total=len(series),
        steps=shown.steps.tolist(),
        epochs=shown.epochs.tolist(),  # JSON has NaN as null
        values=shown.values.tolist(),
        non_finite=[*_non_finite(shown)],
    )


def _non_finite(column: Column) -> Iterator[NonFinite]:
    for step, value in zip(column.steps.tolist(), column.values.tolist(), strict=True):
        if not isfinite(value):
            yield NonFinite(step=step, value=_word(value))


def _word(value: float) -> Literal["nan", "inf", "-inf"]:
    if isnan(value):
        return "nan"
    return "inf" if value > 0 else "-inf"


def _names(wanted: Wanted) -> list[str]:
    names: dict[str, None] = {}
    for job_id in wanted.job_ids:
        names |= dict.fromkeys(JobMetrics.of(wanted.storage_root, job_id).names())
    return [*names]


def _points(wanted: Wanted) -> Iterator[MetricPoint]:
    for job_id in wanted.job_ids:
        yield from JobMetrics.of(wanted.storage_root, job_id).points(wanted.names, wanted.from_step)
