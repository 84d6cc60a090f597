"""What database and Redis say of the service at one moment, whichever process asks them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import Connection, RowMapping, case, false, func, select
from sqlalchemy.exc import DBAPIError

from axo_api.database import Database
from axo_api.jobs.in_queue import IN_QUEUE
from axo_api.monitoring.tallies import Sums, read_tallies
from axo_api.tables import job_events, jobs
from axo_api.workers.fleet import Run, current_runs, live_workers
from axo_contracts import redis_names
from axo_contracts.lifecycle import TERMINAL, JobStatus
from axo_contracts.resources import WorkerState

FRESH_SECONDS = 3.0  # so long a snapshot serves every scraper that asks
ANSWER_SECONDS = 5.0
MOST_LOOKED_AT = 500  # queued jobs, best first, of which the reason to wait is told
MOST_COUNTED = 10_000  # events that were not published; more of them are told as so many
ACTIVE = [status for status in JobStatus if status not in TERMINAL]


@dataclass(frozen=True, slots=True)
class Record:
    """What the database says. `queue` is its head: the jobs whose reason to wait is looked at."""

    active: Mapping[str, int]
    waiting: int  # jobs in the queue: not those that wait for another one in their chain
    oldest_queued_at: datetime | None
    queue: Sequence[RowMapping]
    runs: Sequence[Run]
    unpublished: int
    sums: Sums


@dataclass(frozen=True, slots=True)
class Flow:
    """What Redis says: the fleet, and the frames that the recorder has not taken yet."""

    workers: Sequence[WorkerState]
    frames_waiting: int
    oldest_frame_seconds: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Both; None where one did not answer."""

    record: Record | None
    flow: Flow | None


class Snapshots:
    """Takes snapshots, and hands the same one to everybody who asks within `FRESH_SECONDS`."""

    def __init__(self, database: Database, redis: Redis) -> None:
        self._database = database
        self._redis = redis
        self._lock = asyncio.Lock()
        self._newest = Snapshot(None, None)
        self._taken_at: float | None = None

    async def newest(self) -> Snapshot:
        """Return a snapshot that is fresh. It never fails: what is away is what has to be told."""
        async with self._lock:
            if self._taken_at is None or monotonic() - self._taken_at > FRESH_SECONDS:
                record, flow = await asyncio.gather(self._record(), self._flow())
                self._newest, self._taken_at = Snapshot(record, flow), monotonic()
            return self._newest

    async def _record(self) -> Record | None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._database.read(_read_record)
        except (DBAPIError, TimeoutError):
            return None

    async def _flow(self) -> Flow | None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                workers = await live_workers(self._redis)
                async with self._redis.pipeline(transaction=False) as pipeline:
                    pipeline.time()
                    pipeline.xlen(redis_names.FRAMES)
                    pipeline.xrange(redis_names.FRAMES, count=1)
                    (seconds, microseconds), waiting, oldest = await pipeline.execute()
        except (RedisError, OSError, TimeoutError):
            return None
        age = seconds + microseconds / 1e6 - int(oldest[0][0].split(b"-")[0]) / 1000 if oldest else 0.0
        return Flow(workers, waiting, max(0.0, age))


_QUEUE = (
    select(jobs.c.spec, jobs.c.worker_id, jobs.c.losses)
    .where(IN_QUEUE)
    .order_by(jobs.c.priority.desc(), jobs.c.id)
    .limit(MOST_LOOKED_AT)
)


def _read_record(connection: Connection) -> Record:
    active = select(jobs.c.status, func.count().label("jobs")).where(jobs.c.status.in_(ACTIVE)).group_by(jobs.c.status)
    first = select(func.min(jobs.c.id)).where(IN_QUEUE)  # ids are in the order of time
    since = case((jobs.c.after.is_not(None), jobs.c.updated_at), else_=jobs.c.created_at)
    oldest = select(since).where(jobs.c.id == first.scalar_subquery())
    pending = select(job_events.c.id).where(job_events.c.published == false()).limit(MOST_COUNTED).subquery()
    return Record(
        waiting=connection.execute(select(func.count()).select_from(jobs).where(IN_QUEUE)).scalar_one(),
        active={row.status: row.jobs for row in connection.execute(active)},
        oldest_queued_at=connection.execute(oldest).scalar_one_or_none(),
        queue=connection.execute(_QUEUE).mappings().all(),
        runs=current_runs(connection),
        unpublished=connection.execute(select(func.count()).select_from(pending)).scalar_one(),
        sums=read_tallies(connection),
    )
