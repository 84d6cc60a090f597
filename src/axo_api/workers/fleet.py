"""The workers that live, as their heartbeats say, and what the database says that they run."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from redis.asyncio import Redis
from sqlalchemy import Connection, select

from axo_api.tables import attempts, jobs
from axo_contracts import redis_names
from axo_contracts.lifecycle import ON_A_WORKER
from axo_contracts.resources import WorkerState

log = logging.getLogger(__name__)

_decode = msgspec.json.Decoder(WorkerState).decode


@dataclass(frozen=True, slots=True)
class Run:
    """An attempt that a worker has, or is about to have."""

    job_id: str
    owner: str
    attempt: int
    worker_id: str
    gpus: tuple[int, ...]


async def live_workers(redis: Redis) -> list[WorkerState]:
    """Return the workers whose heartbeat lives, by id. Raises `redis.RedisError`."""
    names = await redis.smembers(redis_names.WORKERS)
    ids = sorted(name.decode() if isinstance(name, bytes) else name for name in names)
    if not ids:
        return []
    states = await redis.mget([redis_names.worker(worker_id) for worker_id in ids])
    gone = [worker_id for worker_id, state in zip(ids, states, strict=True) if state is None]
    if gone:
        await redis.srem(redis_names.WORKERS, *gone)
    return [state for state in map(_read, states) if state is not None]


def _read(heartbeat: bytes | str | None) -> WorkerState | None:
    """Return what a heartbeat says; a worker that speaks another version must not hide the others."""
    try:
        return None if heartbeat is None else _decode(heartbeat)
    except msgspec.DecodeError as error:
        log.warning("a worker's heartbeat cannot be read (%s): %.200r", error, heartbeat)
        return None


def current_runs(connection: Connection) -> Sequence[Run]:
    """Return the attempts that hold a place on a worker."""
    query = (
        select(jobs.c.id, jobs.c.owner, jobs.c.attempt, attempts.c.worker_id, attempts.c.gpus)
        .join(attempts, (attempts.c.job_id == jobs.c.id) & (attempts.c.attempt == jobs.c.attempt))
        .where(jobs.c.status.in_(ON_A_WORKER))
    )
    return [Run(row.id, row.owner, row.attempt, row.worker_id, tuple(row.gpus)) for row in connection.execute(query)]
