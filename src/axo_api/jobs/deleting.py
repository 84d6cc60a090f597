"""Deleting a job that has ended: what it has left first, then its record, so that a crash is mended by asking again."""

import asyncio
from functools import partial

from sqlalchemy import Connection, delete, or_, select, update

from axo_api.dependencies import Parts
from axo_api.errors import Conflict, JustMoved
from axo_api.files.removing import remove_file
from axo_api.files.service import find_one
from axo_api.folders import remove_all
from axo_api.jobs.finding import get
from axo_api.models.dependents import forget_names, of_job, refuse
from axo_api.models.service import lock_result
from axo_api.tables import checkpoints, job_events, jobs, notices
from axo_contracts import storage_paths
from axo_contracts.lifecycle import TERMINAL


async def delete_job(axo: Parts, job_id: str, *, owner: str | None, force: bool) -> None:
    """Delete a job of an owner (None: of anybody): outputs, journal, metrics, manifest, record.

    Raises `NotFound`, and `Conflict` for a job that has not ended, or that something depends on; and `Unavailable`
    where files stay.
    """
    result_file = await axo.database.write(partial(take_back, job_id=job_id, owner=owner, force=force))
    folder = axo.settings.storage_root / storage_paths.job(job_id)
    await asyncio.to_thread(remove_all, folder, f"job {job_id}")
    if result_file is not None:
        await remove_file(axo, result_file, owner=None)
    await axo.database.write(partial(_forget, job_id=job_id))


def take_back(connection: Connection, job_id: str, *, owner: str | None, force: bool) -> str | None:
    """Let nothing find what the job has left any more, and return its result file's id, if that is still there.

    Raises `NotFound` and `Conflict`.
    """
    row = get(connection, job_id, owner=owner)
    if row["status"] not in TERMINAL:
        raise Conflict(f"Job {job_id} is {row['status']}; cancel it, and delete it when it has ended.")
    connection.execute(select(checkpoints.c.id).where(checkpoints.c.job_id == job_id).with_for_update())
    lock_result(connection, job_id)
    refuse(f"Job {job_id}", of_job(connection, job_id), force=force)
    if _is_still_told(connection, job_id):
        raise JustMoved(f"The last events of job {job_id} are being told; ask again in a moment.")
    forget_names(connection, row)
    connection.execute(delete(checkpoints).where(checkpoints.c.job_id == job_id))
    connection.execute(update(jobs).where(jobs.c.id == job_id).values(result_attempt=None))
    file_id = row["result_file_id"]
    return file_id if file_id and find_one(connection, file_id, owner=None) else None


def _is_still_told(connection: Connection, job_id: str) -> bool:
    untold = or_(job_events.c.journaled.is_(False), job_events.c.published.is_(False))
    events = select(job_events.c.id).where(job_events.c.job_id == job_id, untold)
    waiting = select(notices.c.id).where(notices.c.job_id == job_id)
    return any(connection.execute(query.limit(1)).one_or_none() is not None for query in (events, waiting))


def _forget(connection: Connection, job_id: str) -> None:
    connection.execute(delete(jobs).where(jobs.c.id == job_id))
