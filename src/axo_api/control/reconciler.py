"""Compares the database with Redis on a clock, and mends what came apart by the same moves as everything else."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from time import monotonic

import structlog
from redis import Redis as BlockingRedis
from redis.exceptions import RedisError
from sqlalchemy import Connection, Row, select
from sqlalchemy.exc import DBAPIError

from axo_api.clock import now
from axo_api.control.asking import ASKS, ask_run, is_asked
from axo_api.control.dispatcher import send_order
from axo_api.control.leases import observe, revoke
from axo_api.control.ordering import order_of
from axo_api.control.records import Records
from axo_api.dependencies import Parts
from axo_api.jobs.ending import AttemptEnd, end_attempt
from axo_api.tables import attempts, jobs
from axo_api.workers.fleet import live_workers
from axo_contracts import redis_names
from axo_contracts.lifecycle import ENDINGS, ON_A_WORKER, EndReason, JobStatus

log = structlog.get_logger(__name__)

SEND_SECONDS = 1.0  # the dispatcher may be about to
SEND_AGAIN_SECONDS = 5.0
Going = Row[str, int, str, str, datetime | None]


class Reconciler:
    """Watches every attempt that holds a place on a worker.

    Absence is judged by this process's own clock, over observations without a break: a Redis that was away, flushed
    or slow, or a changed clock, expires nobody.
    """

    def __init__(self, parts: Parts, rq: BlockingRedis, records: Records) -> None:
        self._parts = parts
        self._rq = rq
        self._records = records
        self._silent_since: dict[tuple[str, int], float] = {}
        self._sent_at: dict[tuple[str, int], float] = {}

    async def run(self) -> None:
        """Reconcile for ever."""
        while True:
            try:
                await self.look()
            except RedisError as error:
                log.warning("the reconciler waits for Redis", error=str(error))
                self._silent_since.clear()
            except DBAPIError as error:
                log.warning("the reconciler waits for the database", error=str(error))
            await asyncio.sleep(min(1.0, self._parts.settings.lease_seconds / 5))

    async def look(self) -> None:
        """Look at every going attempt once."""
        going = await self._parts.database.read(_going)
        current = {(run.id, run.attempt) for run in going}
        self._silent_since = {key: at for key, at in self._silent_since.items() if key in current}
        self._sent_at = {key: at for key, at in self._sent_at.items() if key in current}
        if not going:
            return
        live = {worker.id for worker in await live_workers(self._parts.redis)}
        for run in going:
            await self._look_at(run, worker_lives=run.worker_id in live)

    async def _look_at(self, run: Going, *, worker_lives: bool) -> None:
        standing = await observe(self._parts.redis, run.id, run.attempt)
        status = JobStatus(run.status)
        if status in ASKS and not await is_asked(self._parts.redis, run.id, run.attempt, ASKS[status]):
            await ask_run(self._parts.redis, run.id, run.attempt, ASKS[status])
        if standing.is_held:
            self._note_renewal(run, standing.left_seconds)
        elif not standing.was_claimed and worker_lives and status is not JobStatus.RUNNING:
            self._silent_since.pop((run.id, run.attempt), None)
            await self._send_again(run)
        elif self._silent_for(run) >= self._parts.settings.lease_seconds:
            await self._give_up(run)

    def _note_renewal(self, run: Going, left_seconds: float) -> None:
        """Begin the silence with the last renewal, once that is so long ago that the worker has given up for good.

        The silence before that does not count: a lease that is gone early was lost in Redis, and will be taken again.
        """
        lease_seconds = self._parts.settings.lease_seconds
        if left_seconds < lease_seconds * (1 - redis_names.SAFE_SHARE_OF_LEASE):
            self._silent_since[run.id, run.attempt] = monotonic() - (lease_seconds - left_seconds)
        else:
            self._silent_since.pop((run.id, run.attempt), None)

    def _silent_for(self, run: Going) -> float:
        return monotonic() - self._silent_since.setdefault((run.id, run.attempt), monotonic())

    async def _send_again(self, run: Going) -> None:
        """Send an order that was not claimed: soon when it never went out, else when the worker had time for it."""
        sent_at = self._sent_at.setdefault((run.id, run.attempt), monotonic())
        patience = SEND_SECONDS if run.ordered_at is None else SEND_AGAIN_SECONDS
        if monotonic() - sent_at < patience:
            return
        self._sent_at[run.id, run.attempt] = monotonic()
        order = await self._parts.database.read(
            partial(order_of, job_id=run.id, attempt=run.attempt, settings=self._parts.settings)
        )
        await send_order(self._parts, self._rq, run.worker_id, order)

    async def _give_up(self, run: Going) -> None:
        if not await revoke(self._parts.redis, run.id, run.attempt):
            return
        log.warning("a run is lost with its worker", job_id=run.id, attempt=run.attempt, worker=run.worker_id)
        self._records.end_attempt(run.id, run.attempt)
        end = AttemptEnd(EndReason.WORKER_LOST, ENDINGS[EndReason.WORKER_LOST].sentence)
        await self._parts.database.write(partial(end_attempt, job_id=run.id, attempt=run.attempt, end=end, at=now()))
        self._parts.job_moved()
        self._parts.queue_changed()


def _going(connection: Connection) -> Sequence[Going]:
    query = (
        select(jobs.c.id, jobs.c.attempt, jobs.c.status, attempts.c.worker_id, attempts.c.ordered_at)
        .join(attempts, (attempts.c.job_id == jobs.c.id) & (attempts.c.attempt == jobs.c.attempt))
        .where(jobs.c.status.in_(ON_A_WORKER))
    )
    return connection.execute(query).all()
