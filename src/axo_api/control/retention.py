"""Applies the rules of `keep`: deletes what none of them wants and nothing uses, and finishes what was begun."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from functools import partial
from time import monotonic

from sqlalchemy import Connection, Row, RowMapping, func, select, update
from sqlalchemy.exc import DBAPIError

from axo_api.checkpoints.judging import judge, on_record
from axo_api.checkpoints.reasons import RemovedBecause
from axo_api.checkpoints.removing import going, mark_unwanted, remove_files
from axo_api.dependencies import Parts
from axo_api.tables import checkpoints, jobs
from axo_contracts.lifecycle import JobStatus

log = logging.getLogger(__name__)

REST_SECONDS = 1.0
HELD_SECONDS = 5.0  # after which one that only its use keeps is looked at again
AT_ONCE = 100
CHOOSING = (JobStatus.QUEUED, JobStatus.STARTING)
"""While a run looks for the checkpoint to go on from, and may have to take an older one than the newest."""

Due = Row[str, str, str]


class Retention:
    """Looks at the jobs with new checkpoints, and again at those whose checkpoints only their use keeps."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._looked: dict[str, tuple[Due, float]] = {}

    async def run(self) -> None:
        """Apply rules for ever, a second after something has moved at the earliest."""
        woken = self._parts.job_moved.listen()
        while True:
            try:
                await self.look()
            except DBAPIError as error:
                log.warning("the rules on checkpoints wait: %s", error)
            await asyncio.sleep(REST_SECONDS)
            await woken.wait(HELD_SECONDS)

    async def look(self) -> None:
        """Look once at all that is due."""
        await self._finish()
        due = await self._parts.database.read(_due)
        known = {one.job_id: self._looked[one.job_id] for one in due if one.job_id in self._looked}
        self._looked = known
        for one in due:
            before = known.get(one.job_id)
            if before is None or before[0] != one or monotonic() - before[1] >= HELD_SECONDS:
                self._looked[one.job_id] = one, monotonic()
                try:
                    await self._apply(one.job_id)
                except (OSError, ValueError) as error:  # ValueError: rules of another version of axo
                    log.warning("the rules on the checkpoints of %s wait: %s", one.job_id, error)

    async def _finish(self) -> None:
        rows: Sequence[RowMapping] = await self._parts.database.read(partial(going, limit=AT_ONCE))
        await remove_files(self._parts.database, self._parts.settings.storage_root, rows)

    async def _apply(self, job_id: str) -> None:
        storage_root = self._parts.settings.storage_root
        known = await self._parts.database.read(partial(on_record, job_id=job_id, owner=None))
        judged = await asyncio.to_thread(partial(judge, storage_root, known, with_metrics=False))
        unwanted = [one for one in judged if one.is_whole and not one.by_rule]
        loose = [one.row["id"] for one in unwanted if not one.kept_because]
        pending = {one.row["id"] for one in unwanted}
        await self._parts.database.write(partial(_note, seen=[one.row["id"] for one in judged], pending=pending))
        rows = (
            await self._parts.database.write(partial(mark_unwanted, ids=loose, because=RemovedBecause.KEEP))
            if loose
            else ()
        )
        await remove_files(self._parts.database, storage_root, rows)
        for row in rows:
            log.info("checkpoint %d of job %s went by its rule", row["step"], job_id)


def _due(connection: Connection) -> Sequence[Due]:
    """Return the jobs with checkpoints that rules have yet to be applied to; each with what may have changed since."""
    is_due = checkpoints.c.rule_pending.is_(True), checkpoints.c.removed_at.is_(None)
    query = (
        select(checkpoints.c.job_id, func.max(checkpoints.c.id).label("newest"), jobs.c.status)
        .join(jobs, jobs.c.id == checkpoints.c.job_id)
        .where(*is_due, jobs.c.status.not_in(CHOOSING))
        .group_by(checkpoints.c.job_id, jobs.c.status)
        .order_by(checkpoints.c.job_id)
    )
    return connection.execute(query).all()


def _note(connection: Connection, *, seen: Sequence[str], pending: Collection[str]) -> None:
    """Note which rules do not want: they go, or are looked at again. The others are, with the job's next new one."""
    of_job = checkpoints.c.id.in_(seen)
    is_pending = checkpoints.c.id.in_(pending)
    connection.execute(
        update(checkpoints).where(of_job, checkpoints.c.rule_pending != is_pending).values(rule_pending=is_pending)
    )
