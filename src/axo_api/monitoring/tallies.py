"""Sums over all that ever happened, kept in the database: they outlive every process, and reading them stays cheap.

An event is counted once, in the transaction that marks it as journaled, which only the leading process does.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from axo_api.tables import attempts, job_events, jobs, tallies
from axo_contracts.lifecycle import ON_A_WORKER, TERMINAL, JobStatus

MINUTE, HOUR, DAY = 60, 3600, 86400
WAIT_BOUNDS = (1, 5, 15, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, DAY)
RUN_BOUNDS = (10, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR, DAY, 3 * DAY, 7 * DAY)
BEYOND = "+Inf"

Sums = Mapping[tuple[str, str], float]
"""A sum by its name and its label."""


class Tally(StrEnum):
    """What is summed up. A label is the upper bound of a bucket in seconds, or what the half-line says."""

    SUBMITTED = "submitted"
    JOBS_ENDED = "jobs_ended"  # label: status/reason
    ATTEMPTS_ENDED = "attempts_ended"  # label: reason
    WAITS = "waits"
    WAIT_SECONDS = "wait_seconds"
    RUNS = "runs"
    RUN_SECONDS = "run_seconds"
    GPU_SECONDS = "gpu_seconds"


def read_tallies(connection: Connection) -> Sums:
    """Return every sum."""
    return {(row.name, row.label): row.value for row in connection.execute(select(tallies))}


def count_events(connection: Connection, ids: Sequence[int]) -> None:
    """Add what these events of jobs tell."""
    sums: defaultdict[tuple[str, str], float] = defaultdict(float)
    _count_submits(connection, ids, sums)
    _count_waits(connection, ids, sums)
    _count_runs(connection, ids, sums)
    _count_ends(connection, ids, sums)
    if sums:
        _add(connection, sums)


def _count_submits(connection: Connection, ids: Sequence[int], sums: defaultdict[tuple[str, str], float]) -> None:
    is_first = (job_events.c.status == JobStatus.QUEUED) & (job_events.c.time == jobs.c.created_at)
    query = select(func.count()).select_from(job_events).join(jobs, jobs.c.id == job_events.c.job_id)
    if submitted := connection.execute(query.where(job_events.c.id.in_(ids), is_first)).scalar_one():
        sums[Tally.SUBMITTED, ""] += submitted


def _count_waits(connection: Connection, ids: Sequence[int], sums: defaultdict[tuple[str, str], float]) -> None:
    queued = job_events.alias("queued")
    query = (
        select(job_events.c.time, func.max(queued.c.time, type_=job_events.c.time.type).label("queued_at"))
        .join(queued, (queued.c.job_id == job_events.c.job_id) & (queued.c.id < job_events.c.id))
        .where(job_events.c.id.in_(ids), job_events.c.status == JobStatus.STARTING, queued.c.status == JobStatus.QUEUED)
        .group_by(job_events.c.id, job_events.c.time)
    )
    for row in connection.execute(query):
        seconds = max(0.0, (row.time - row.queued_at).total_seconds())
        sums[Tally.WAITS, _bucket(seconds, WAIT_BOUNDS)] += 1
        sums[Tally.WAIT_SECONDS, ""] += seconds


def _count_runs(connection: Connection, ids: Sequence[int], sums: defaultdict[tuple[str, str], float]) -> None:
    """An attempt's end and the event that tells of it were written with the same time."""
    query = (
        select(attempts.c.started_at, attempts.c.ended_at, attempts.c.gpus, attempts.c.reason)
        .join(job_events, (job_events.c.job_id == attempts.c.job_id) & (job_events.c.attempt == attempts.c.attempt))
        .where(
            job_events.c.id.in_(ids),
            job_events.c.status.not_in(ON_A_WORKER),
            job_events.c.time == attempts.c.ended_at,
        )
    )
    for row in connection.execute(query):
        sums[Tally.ATTEMPTS_ENDED, row.reason] += 1
        if row.started_at is None:
            continue
        seconds = max(0.0, (row.ended_at - row.started_at).total_seconds())
        sums[Tally.RUNS, _bucket(seconds, RUN_BOUNDS)] += 1
        sums[Tally.RUN_SECONDS, ""] += seconds
        sums[Tally.GPU_SECONDS, ""] += seconds * len(row.gpus)


def _count_ends(connection: Connection, ids: Sequence[int], sums: defaultdict[tuple[str, str], float]) -> None:
    query = (
        select(job_events.c.status, job_events.c.reason, func.count().label("jobs"))
        .where(job_events.c.id.in_(ids), job_events.c.status.in_(TERMINAL))
        .group_by(job_events.c.status, job_events.c.reason)
    )
    for row in connection.execute(query):
        sums[Tally.JOBS_ENDED, f"{row.status}/{row.reason or ''}"] += row.jobs


def _bucket(seconds: float, bounds: Sequence[int]) -> str:
    position = bisect_left(bounds, seconds)
    return str(bounds[position]) if position < len(bounds) else BEYOND


def _add(connection: Connection, sums: Mapping[tuple[str, str], float]) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(tallies)
    added = {"value": tallies.c.value + statement.excluded.value}
    rows = [{"name": name, "label": label, "value": value} for (name, label), value in sorted(sums.items())]
    connection.execute(statement.on_conflict_do_update(index_elements=["name", "label"], set_=added), rows)
