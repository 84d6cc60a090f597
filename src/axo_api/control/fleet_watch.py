"""Sees workers come, drain and vanish, and has the world told. What was told last is in the database."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from time import monotonic

from redis.exceptions import RedisError
from sqlalchemy import Connection, RowMapping, delete, insert, select
from sqlalchemy.exc import DBAPIError

from axo_api.clock import now
from axo_api.control.fleet_changes import Change, Known, changes
from axo_api.control.notices import Notice, add_notice
from axo_api.dependencies import Parts
from axo_api.tables import known_workers
from axo_api.workers.fleet import current_runs, live_workers
from axo_contracts import redis_names

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0


class FleetWatch:
    """Compares the heartbeats with the workers that were told of.

    Absence is judged by this process's own clock, over observations without a break: a Redis that was away loses no
    worker.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._absent_since: dict[str, float] = {}

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            try:
                await self.look()
            except RedisError as error:
                log.warning("the fleet watch waits for Redis: %s", error)
                self._absent_since.clear()
            except DBAPIError as error:
                log.warning("the fleet watch waits for the database: %s", error)
            await asyncio.sleep(min(LOOK_SECONDS, self._parts.settings.lease_seconds / 5))

    async def look(self) -> None:
        """Look at the fleet once. Raises `redis.RedisError`."""
        live = {worker.id: worker for worker in await live_workers(self._parts.redis)}
        known = {row["id"]: Known(**row) for row in await self._parts.database.read(_known)}
        gone = await self._gone([worker for name, worker in known.items() if name not in live])
        busy = {run.worker_id for run in await self._parts.database.read(current_runs)} if known else set()
        found = list(changes(live, known, gone=gone, busy=busy))
        if found:
            await self._parts.database.write(partial(_note, found=found))
            self._parts.job_moved()

    async def _gone(self, absent: Sequence[Known]) -> dict[str, bool]:
        """Return the workers that are gone, each with whether it said goodbye."""
        self._absent_since = {worker.id: self._absent_since.get(worker.id, monotonic()) for worker in absent}
        gone: dict[str, bool] = {}
        for worker in absent:
            if await self._parts.redis.get(redis_names.farewell(worker.id)) == worker.boot_id.encode():
                gone[worker.id] = True
            elif monotonic() - self._absent_since[worker.id] >= self._parts.settings.lease_seconds:
                gone[worker.id] = False
        return gone


def _known(connection: Connection) -> Sequence[RowMapping]:
    return connection.execute(select(known_workers)).mappings().all()


def _note(connection: Connection, *, found: Sequence[Change]) -> None:
    for change in found:
        connection.execute(delete(known_workers).where(known_workers.c.id == change.worker_id))
        if change.known is not None:
            connection.execute(insert(known_workers).values(**change.known._asdict()))
        if change.event is not None:
            body = {"worker": change.worker_id, "host": change.host, "name": change.worker_id}
            add_notice(connection, None, Notice(change.event, now(), body | {"message": change.message}))
