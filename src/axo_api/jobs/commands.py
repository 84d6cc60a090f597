"""What a job can be told: cancel, pause, resume, retry. Telling it twice is telling it once."""

from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from axo_api.checkpoints.folders import folder_of
from axo_api.clock import now
from axo_api.errors import Conflict, JustMoved, NotFound
from axo_api.jobs import service
from axo_api.jobs.chains import refuse_held, specs_behind
from axo_api.jobs.moves import move
from axo_api.tables import checkpoints
from axo_contracts.jobs import spec_from_json
from axo_contracts.lifecycle import ENDINGS, ON_A_WORKER, TERMINAL, EndReason, JobStatus
from axo_contracts.storage_paths import attempt as attempt_folder
from axo_contracts.storage_paths import job_of


def cancel(connection: Connection, job_id: str, *, owner: str | None) -> RowMapping:
    """End a job: at once when no worker has it, else `cancelling` until its trainer has stopped.

    Raises `NotFound`, and `Conflict` when the job has ended in another way.
    """
    row = service.get(connection, job_id, owner=owner)
    status = JobStatus(row["status"])
    if status in {JobStatus.CANCELLING, JobStatus.CANCELLED}:
        return row
    if status in TERMINAL:
        raise Conflict(f"Job {job_id} has already ended as {status}; it cannot be cancelled.")
    if status in ON_A_WORKER:
        return _moved(connection, row, JobStatus.CANCELLING)
    return _moved(connection, row, JobStatus.CANCELLED, EndReason.CANCELLED)


def pause(connection: Connection, job_id: str, *, owner: str | None) -> RowMapping:
    """Let a job hold no GPU until it is resumed: `pausing` until its trainer has stopped with a checkpoint.

    Raises `NotFound`, and `Conflict` when the job has ended or is being cancelled.
    """
    row = service.get(connection, job_id, owner=owner)
    match JobStatus(row["status"]):
        case JobStatus.PAUSING | JobStatus.PAUSED:
            return row
        case JobStatus.QUEUED:
            return _moved(connection, row, JobStatus.PAUSED, EndReason.PAUSED)
        case JobStatus.STARTING | JobStatus.RUNNING:
            return _moved(connection, row, JobStatus.PAUSING)
        case status:
            raise Conflict(f"Job {job_id} is {status}; only a job that waits or runs can be paused.")


def resume(connection: Connection, job_id: str, *, owner: str | None) -> RowMapping:
    """Queue a paused job again; its next attempt goes on from the newest whole checkpoint.

    Raises `NotFound`, and `Conflict` when the job is still pausing or has ended.
    """
    row = service.get(connection, job_id, owner=owner)
    match JobStatus(row["status"]):
        case JobStatus.PAUSED:
            return _moved(connection, row, JobStatus.QUEUED)
        case JobStatus.QUEUED | JobStatus.STARTING | JobStatus.RUNNING:
            return row
        case JobStatus.PAUSING:
            raise Conflict(f"Job {job_id} is still writing its checkpoint; resume it when it is paused.")
        case status:
            raise Conflict(f"Job {job_id} is {status}; a job that has ended can be retried: POST …/retry.")


def retry(
    connection: Connection,
    job_id: str,
    *,
    owner: str | None,
    from_checkpoint: bool | int | str,
    idempotency_key: str | None = None,
) -> RowMapping | dict[str, Any]:
    """Queue a new job with the spec and the owner of one that has ended, and return its row.

    It goes on from the newest whole checkpoint of the old job and of what that could itself go on from, from the one
    named, or (False) starts from scratch. What was to follow the old one follows the new one. Raises `NotFound` for the
    job and the checkpoint, and `Conflict` while the job has not ended.
    """
    row = service.get(connection, job_id, owner=owner)
    if row["status"] not in TERMINAL:
        raise Conflict(f"Job {job_id} is {row['status']}; only a job that has ended can be retried.")
    refuse_held(connection, row)
    submission = service.Submission.of(
        spec_from_json(row["spec"]),
        owner=row["owner"],
        idempotency_key=idempotency_key,
        asked_as=f"retry {job_id} {from_checkpoint}",
        then=specs_behind(connection, row),
    )
    sources = _checkpoints_from(connection, row, from_checkpoint)
    submission.row.update(retry_of=job_id, checkpoints_from=sources, remedies=row["remedies"])
    submission.row.update(weights_from=row["weights_from"], models=row["models"], after=row["after"])
    return service.submit_all(connection, [submission])[0]


def _moved(connection: Connection, row: RowMapping, to: JobStatus, reason: EndReason | None = None) -> RowMapping:
    moved = move(
        connection,
        row["id"],
        to,
        at=now(),
        attempt=row["attempt"],
        expected=JobStatus(row["status"]),
        reason=reason,
        message=ENDINGS[reason].sentence if reason else "",
    )
    if not moved:
        raise JustMoved(f"Job {row['id']} moved at this very moment; ask again.")
    return service.get(connection, row["id"], owner=row["owner"])


def _checkpoints_from(connection: Connection, row: RowMapping, chosen: bool | int | str) -> list[str]:
    """Return what the new job may go on from; no checkpoint of it is deleted before the transaction ends."""
    if chosen is False:
        return []
    there = select(checkpoints).where(checkpoints.c.removed_at.is_(None)).with_for_update(read=True)
    if chosen is True:
        own = [str(attempt_folder(row["id"], number)) for number in range(1, row["attempt"] + 1)]
        sources = [*(row["checkpoints_from"] or ()), *own]  # the worker takes the highest step of them all
        makers = {job_of(PurePosixPath(source)) for source in sources}
        connection.execute(there.where(checkpoints.c.job_id.in_(makers)).order_by(checkpoints.c.id))
        return sources
    named = checkpoints.c.step == chosen if isinstance(chosen, int) else checkpoints.c.id == chosen
    newest_first = there.where(checkpoints.c.job_id == row["id"], named).order_by(checkpoints.c.attempt.desc())
    checkpoint = connection.execute(newest_first.limit(1)).mappings().one_or_none()
    if checkpoint is None:
        raise NotFound(
            f"Job {row['id']} has no checkpoint {chosen!r}; GET /v1/jobs/{row['id']}/checkpoints lists them.",
            param="from_checkpoint",
        )
    return [str(folder_of(checkpoint))]
