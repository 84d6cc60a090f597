"""What follows when an attempt ends: the one place that turns an `EndReason` into the job's next status."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from axo_api.jobs.chains import hand_on
from axo_api.jobs.moves import move
from axo_api.jobs.remedies import Remedy, remedy_for
from axo_api.tables import attempts, jobs
from axo_contracts.lifecycle import ENDINGS, MAX_LOSSES, ON_A_WORKER, EndReason, JobStatus, status_after


@dataclass(frozen=True, slots=True)
class AttemptEnd:
    """How an attempt ended."""

    reason: EndReason
    message: str
    exit_code: int | None = None
    signal: int | None = None
    log_tail: tuple[str, ...] = ()


def end_attempt(connection: Connection, job_id: str, attempt: int, end: AttemptEnd, *, at: datetime) -> bool:
    """Record the end of a job's newest attempt and move the job. Return whether it was still going."""
    row = connection.execute(
        select(jobs.c.status, jobs.c.losses, jobs.c.spec, jobs.c.remedies, jobs.c.then).where(
            jobs.c.id == job_id, jobs.c.attempt == attempt, jobs.c.status.in_(ON_A_WORKER)
        )
    ).one_or_none()
    if row is None:
        return False
    losses = row.losses + ENDINGS[end.reason].is_loss
    remedy = remedy_for(end.reason, row.spec, row.remedies)
    to = status_after(JobStatus(row.status), end.reason, losses=losses, has_remedy=remedy is not None)
    reason, message = _told(to, end, remedy)
    moved = move(
        connection,
        job_id,
        to,
        at=at,
        attempt=attempt,
        expected=JobStatus(row.status),
        reason=reason,
        message=message,
        losses=losses,
        remedies=remedy.hyperparameters if remedy else row.remedies,
        log_tail=list(end.log_tail),
        result_attempt=attempt if to is JobStatus.SUCCEEDED else None,
    )
    if moved:
        _close(connection, job_id, attempt, end, at)
    if moved and to is JobStatus.SUCCEEDED:
        hand_on(connection, job_id, row.then, at=at)
    return moved


def _told(to: JobStatus, end: AttemptEnd, remedy: Remedy | None) -> tuple[EndReason, str]:
    if to is JobStatus.CANCELLED:
        return EndReason.CANCELLED, ENDINGS[EndReason.CANCELLED].sentence
    if to is JobStatus.FAILED and ENDINGS[end.reason].is_loss:
        return end.reason, (
            f"The worker was lost {MAX_LOSSES} times without a newer checkpoint, so the job itself is taken for the "
            "cause; look at its log and at the worker's, then retry it."
        )
    if to is JobStatus.QUEUED and remedy is not None:
        return end.reason, remedy.sentence
    return end.reason, end.message or ENDINGS[end.reason].sentence


def _close(connection: Connection, job_id: str, attempt: int, end: AttemptEnd, at: datetime) -> None:
    connection.execute(
        update(attempts)
        .where(attempts.c.job_id == job_id, attempts.c.attempt == attempt)
        .values(ended_at=at, reason=end.reason, exit_code=end.exit_code, signal=end.signal, message=end.message)
    )
