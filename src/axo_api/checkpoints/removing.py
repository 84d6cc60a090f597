"""How a checkpoint goes: its row says so first, its files go next, and then the row says that they are gone.

From the first step on nobody is given it. A crash behind that costs nothing: the control loop takes up what is left.
"""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, RowMapping, select, update

from axo_api.checkpoints.folders import folder_of, remove
from axo_api.checkpoints.reasons import RemovedBecause
from axo_api.clock import now
from axo_api.database import Database
from axo_api.errors import Conflict, NotFound, first_of, needed_by
from axo_api.jobs.finding import get
from axo_api.models import aliases
from axo_api.models.readers import readers_of
from axo_api.tables import checkpoints
from axo_contracts.lifecycle import TERMINAL

log = logging.getLogger(__name__)


def mark_step(
    connection: Connection, job_id: str, step: int, *, owner: str | None, newest_whole: str | None
) -> Sequence[RowMapping]:
    """Have a job's checkpoint of a step be no more, and return its rows. Doing it again is done once.

    `newest_whole` is the id of the job's newest whole checkpoint. Raises `NotFound`, and `Conflict` for one in use.
    """
    job = get(connection, job_id, owner=owner)
    of_step = checkpoints.c.job_id == job_id, checkpoints.c.step == step
    rows = connection.execute(select(checkpoints).where(*of_step).with_for_update()).mappings().all()
    if not rows:
        raise NotFound(
            f"Job {job_id} has no checkpoint of step {step}; GET /v1/jobs/{job_id}/checkpoints lists them.",
            param="step",
        )
    there = [row for row in rows if row["removed_at"] is None]
    if job["status"] not in TERMINAL and newest_whole in {row["id"] for row in there}:
        raise Conflict(
            f"Checkpoint {step} is what job {job_id}, which is {job['status']}, would go on from; delete it when there "
            "is a newer one, or when the job has ended."
        )
    for row in there:
        if (hold := _hold_on(connection, row)) is not None:
            raise Conflict(hold)
    _mark(connection, there, RemovedBecause.ASKED)
    return rows


def mark_unwanted(connection: Connection, ids: Sequence[str], because: RemovedBecause) -> Sequence[RowMapping]:
    """Have those checkpoints of `ids` be no more that nothing uses by now, and return their rows."""
    chosen = select(checkpoints).where(checkpoints.c.id.in_(ids), checkpoints.c.removed_at.is_(None))
    rows = connection.execute(chosen.order_by(checkpoints.c.id).with_for_update()).mappings().all()
    free = [row for row in rows if _hold_on(connection, row) is None]
    _mark(connection, free, because)
    return free


async def remove_files(database: Database, storage_root: Path, rows: Sequence[RowMapping]) -> None:
    """Delete the files of checkpoints that are marked. What fails is logged, and done by the control loop later."""
    for row in rows:
        try:
            await asyncio.to_thread(remove, storage_root / folder_of(row))
        except OSError as error:
            log.warning("the files of checkpoint %s stay for now: %s", row["id"], error)
        else:
            await database.write(partial(_note_gone, checkpoint_id=row["id"]))


def going(connection: Connection, *, limit: int) -> Sequence[RowMapping]:
    """Return checkpoints that are marked and whose files may still be there."""
    is_going = checkpoints.c.removed_at.is_not(None), checkpoints.c.gone_at.is_(None)
    query = select(checkpoints).where(*is_going).order_by(checkpoints.c.id).limit(limit)
    return connection.execute(query).mappings().all()


def _hold_on(connection: Connection, row: RowMapping) -> str | None:
    """Return what holds a checkpoint, as a sentence for whoever would delete it."""
    folder = folder_of(row)
    what = f"Checkpoint {row['step']} of job {row['job_id']}"
    if users := [reader.job_id for reader in readers_of(connection, row["job_id"]) if reader.needs(folder)]:
        return needed_by(what, users)
    if names := aliases.names_of(connection, row["job_id"]).get(row["step"]):
        return (
            f"{what} is what {first_of(names)} stands for, or would stand for if its last move was undone; move "
            "or delete that name first (PUT, DELETE /v1/models/{name})."
        )
    return None


def _mark(connection: Connection, rows: Sequence[RowMapping], because: RemovedBecause) -> None:
    ids = [row["id"] for row in rows]
    marked = {"removed_at": now(), "removed_because": because, "rule_pending": False}
    connection.execute(update(checkpoints).where(checkpoints.c.id.in_(ids)).values(marked))


def _note_gone(connection: Connection, *, checkpoint_id: str) -> None:
    connection.execute(update(checkpoints).where(checkpoints.c.id == checkpoint_id).values(gone_at=now()))
