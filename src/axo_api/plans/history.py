"""How long a run would take, from how long the fleet's own runs of the same kind took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from sqlalchemy import Connection, RowMapping, select

from axo_api.jobs.spec_columns import has_adapter, has_base_model, has_method
from axo_api.metrics.job_metrics import JobMetrics
from axo_api.plans.schemas import TimeEstimate
from axo_api.tables import attempts, jobs
from axo_contracts.jobs import JobSpec
from axo_contracts.lifecycle import JobStatus
from axo_contracts.questions import Planned

MOST_RUNS = 10


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast one run was, from its first report to its last, and how long it took until the first."""

    steps_a_second: float
    tokens_a_second: float | None
    seconds_before: float


def ended_runs(connection: Connection, spec: JobSpec, gpus: int) -> Sequence[RowMapping]:
    """Return the newest attempts that ended well, of the base model, method and adapter of `spec`, on as many GPUs."""
    query = (
        select(attempts.c.job_id, attempts.c.attempt, attempts.c.started_at, attempts.c.gpus)
        .join(jobs, (jobs.c.id == attempts.c.job_id) & (jobs.c.result_attempt == attempts.c.attempt))
        .where(
            jobs.c.status == JobStatus.SUCCEEDED,
            has_base_model(spec.base_model),
            has_method(spec.method_name),
            has_adapter(spec.adapter_name),
        )
        .order_by(jobs.c.id.desc())
        .limit(MOST_RUNS)
    )
    return [row for row in connection.execute(query).mappings() if len(row["gpus"]) == gpus]


def time_estimate(storage_root: Path, runs: Sequence[RowMapping], planned: Planned, gpus: int) -> TimeEstimate | None:
    """Return how long the planned steps would take, by `runs` of the kind on so many GPUs; None: none can tell.

    Reads files. Raises `OSError`.
    """
    tokens = planned.tokens
    metric = tokens.metric if tokens else None
    paces = [pace for row in runs if (pace := _pace(storage_root, row, metric))]
    if not planned.steps or not paces:
        return None
    before = median(pace.seconds_before for pace in paces)
    rates = [pace.tokens_a_second for pace in paces if pace.tokens_a_second]
    of = f"the median of {len(paces)} ended runs of this base model, method and adapter on {gpus or 'no'} GPU(s)"
    if tokens and rates:
        rate = median(rates)
        counted = tokens.trained if tokens.metric_counts == "trained" else tokens.total
        return TimeEstimate(seconds=before + counted / rate, runs=len(paces), rests_on=f"{rate:,.1f} tokens/s, {of}")
    rate = median(pace.steps_a_second for pace in paces)
    return TimeEstimate(seconds=before + planned.steps / rate, runs=len(paces), rests_on=f"{rate:.3g} steps/s, {of}")


def _pace(storage_root: Path, run: RowMapping, metric: str | None) -> Pace | None:
    ends = JobMetrics.of(storage_root, run["job_id"]).ends_of(run["attempt"])
    if ends is None or run["started_at"] is None:
        return None
    first, last = ends
    seconds, steps = _between(first.time, last.time), last.step - first.step
    if seconds <= 0 or steps <= 0:
        return None
    before = _between(run["started_at"], first.time) - first.step * seconds / steps
    return Pace(steps / seconds, _rate(first.values, last.values, metric, seconds), max(0.0, before))


def _rate(
    first: Mapping[str, float | None], last: Mapping[str, float | None], metric: str | None, seconds: float
) -> float | None:
    before, after = first.get(metric or ""), last.get(metric or "")
    return (after - before) / seconds if before is not None and after is not None and after > before else None


def _between(begin: datetime, end: datetime) -> float:
    return (end - begin).total_seconds()
