"""The one place that changes a job's status: compare-and-set, its event and its webhooks in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from axo_api.tables import job_events, jobs
from axo_api.webhooks.queueing import queue_deliveries
from axo_contracts.lifecycle import MOVES, TERMINAL, EndReason, JobStatus

ALLOWED_FROM: dict[JobStatus, list[JobStatus]] = {
    to: [status for status, nexts in MOVES.items() if to in nexts] for to in JobStatus
}
_INSERT_EVENT = insert(job_events)  # built once: each submit executes it


def move(
    connection: Connection,
    job_id: str,
    to: JobStatus,
    *,
    at: datetime,
    attempt: int,
    expected: JobStatus | None = None,
    reason: EndReason | None = None,
    message: str = "",
    next_attempt: int | None = None,
    **changes: Any,
) -> bool:
    """Move a job to the status `to`, record the event, and queue its webhooks. Return whether it moved.

    It moves only from a status that `MOVES` allows (or only from `expected`), and only while `attempt` is its newest.
    `next_attempt` becomes its newest with the move; `changes` are further columns to set.
    """
    allowed = ALLOWED_FROM[to] if expected is None else [expected]
    attempt_after = attempt if next_attempt is None else next_attempt
    changes |= {"status": to, "attempt": attempt_after, "updated_at": at}
    if to in TERMINAL:
        changes |= {"ended_at": at}
    if reason is not None:
        changes |= {"reason": reason, "message": message}
    matching = jobs.c.id == job_id, jobs.c.status.in_(allowed), jobs.c.attempt == attempt
    if connection.execute(update(jobs).where(*matching).values(**changes)).rowcount != 1:
        return False
    connection.execute(_INSERT_EVENT, _event(job_id, to, at, attempt_after, reason, message))
    queue_deliveries(connection, [job_id])
    if to in (JobStatus.FAILED, JobStatus.CANCELLED) and reason is not EndReason.CHAIN_BROKEN:
        _break_chain(connection, job_id, to, at)
    return True


def record_queued(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record that new jobs are queued."""
    events = [_event(row["id"], JobStatus.QUEUED, row["created_at"], 0, None, _how_it_waits(row)) for row in rows]
    connection.execute(_INSERT_EVENT, events)
    queue_deliveries(connection, [row["id"] for row in rows])


def release(connection: Connection, row: RowMapping, *, at: datetime, **changes: Any) -> None:
    """Let a held job go, unless it has ended, and tell so; `changes` are further columns to set."""
    is_waiting = jobs.c.id == row["id"], jobs.c.is_held, jobs.c.status.not_in(TERMINAL)
    released = update(jobs).where(*is_waiting).values(is_held=False, updated_at=at, **changes)
    if connection.execute(released.returning(jobs.c.status)).scalar_one_or_none() == JobStatus.QUEUED:
        message = f"Job {row['after']} has succeeded; this one waits for a worker."
        connection.execute(_INSERT_EVENT, _event(row["id"], JobStatus.QUEUED, at, row["attempt"], None, message))
        queue_deliveries(connection, [row["id"]])


def _break_chain(connection: Connection, job_id: str, ended_as: JobStatus, at: datetime) -> None:
    """End the jobs that were held for one which has not succeeded."""
    behind = connection.execute(select(jobs.c.then).where(jobs.c.id == job_id)).scalar_one()
    if not behind:
        return
    is_held = jobs.c.id.in_(behind), jobs.c.is_held, jobs.c.status.not_in(TERMINAL)
    held = select(jobs.c.id, jobs.c.attempt).where(*is_held).order_by(jobs.c.id)  # in this order everybody locks them
    how = "has failed" if ended_as is JobStatus.FAILED else "was cancelled"
    message = f"Job {job_id} {how}, and this one was to follow it. Retry that one, and its chain comes with it."
    for row in connection.execute(held).all():
        broken = {"attempt": row.attempt, "reason": EndReason.CHAIN_BROKEN, "message": message}
        move(connection, row.id, JobStatus.CANCELLED, at=at, **broken)


def _how_it_waits(row: Mapping[str, Any]) -> str:
    return f"The job waits for {row['after']} to succeed." if row["is_held"] else ""


def _event(
    job_id: str, status: JobStatus, at: datetime, attempt: int, reason: EndReason | None, message: str
) -> dict[str, Any]:
    return {"job_id": job_id, "time": at, "status": status, "attempt": attempt, "reason": reason, "message": message}
