"""Gives queued jobs to workers: places the best that fits, moves it by compare-and-set, and orders the run."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial

import structlog
from pydantic import ValidationError
from redis import Redis as BlockingRedis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import Connection, RowMapping, and_, or_, select, update
from sqlalchemy.exc import DBAPIError

from axo_api.clock import now
from axo_api.control.ordering import place
from axo_api.control.placement import Host, Place, choose, hosts
from axo_api.dependencies import Parts
from axo_api.jobs.in_queue import IN_QUEUE
from axo_api.tables import attempts, jobs
from axo_api.workers.fleet import current_runs, live_workers
from axo_contracts import redis_names
from axo_contracts.jobs import spec_from_json
from axo_contracts.orders import RUN_JOB, RunOrder, order_to_json

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5
REST_SECONDS = 0.02  # many submits at once are one round
MOST_READ_AT_ONCE = 500
KEPT_BY_RQ_SECONDS = 3600


async def run_dispatcher(parts: Parts, rq: BlockingRedis) -> None:
    """Place queued jobs for ever, woken by submits and by a clock."""
    woken = parts.queue_changed.listen()
    while True:
        try:
            await dispatch(parts, rq)
            parts.instruments.dispatched()
        except (RedisError, DBAPIError) as error:
            log.warning("the dispatcher waits", error=str(error))
        await asyncio.sleep(REST_SECONDS)
        await woken.wait(LOOK_SECONDS)


async def dispatch(parts: Parts, rq: BlockingRedis) -> None:
    """Place every queued job that fits now."""
    workers = await live_workers(parts.redis)
    fleet = hosts(workers, await parts.database.read(current_runs))
    if not _has_room(fleet):
        return
    async for row in _queue(parts):
        at_place = place_of(row, fleet)
        if isinstance(at_place, str):
            continue
        order = await parts.database.write(partial(place, job_id=row["id"], at_place=at_place, settings=parts.settings))
        if order is not None:
            parts.job_moved()
            ids: dict[str, str | int] = {"job_id": order.job_id, "attempt": order.attempt, "worker": at_place.worker.id}
            with parts.tracer.span("queue", ids, parent=order.traceparent, began=row["created_at"]):
                await send_order(parts, rq, at_place.worker.id, order)
            log.info("ordered a run", **ids)
        fleet = hosts(workers, await parts.database.read(current_runs))
        if not _has_room(fleet):
            return


def queue_in_order(
    connection: Connection, *, limit: int = MOST_READ_AT_ONCE, after: RowMapping | None = None
) -> Sequence[RowMapping]:
    """Return up to `limit` queued jobs, best first, behind the job `after`."""
    query = (
        select(
            jobs.c.id,
            jobs.c.name,
            jobs.c.spec,
            jobs.c.priority,
            jobs.c.worker_id,
            jobs.c.losses,
            jobs.c.created_at,
        )
        .where(IN_QUEUE)
        .order_by(jobs.c.priority.desc(), jobs.c.id)
        .limit(limit)
    )
    if after is not None:
        same = and_(jobs.c.priority == after["priority"], jobs.c.id > after["id"])
        query = query.where(or_(jobs.c.priority < after["priority"], same))
    return connection.execute(query).mappings().all()


def place_of(row: RowMapping, fleet: Sequence[Host], *, next_free_seconds: float | None = None) -> Place | str:
    """Return where a queued job would run now, or why it waits, and how long for the next place where that is known."""
    try:
        spec = spec_from_json(row["spec"])
    except ValidationError as error:  # of another version of axo: it must not hold up the others
        return f"its spec cannot be read by this version: {error.errors()[0]['msg']}"
    avoid = row["worker_id"] if row["losses"] else None
    return choose(spec.resources, fleet, tools=spec.tools, avoid=avoid, next_free_seconds=next_free_seconds)


async def send_order(parts: Parts, rq: BlockingRedis, worker_id: str, order: RunOrder) -> None:
    """Put an order into its worker's queue. When that fails, the reconciler sends it again: a worker claims it once."""
    try:
        await asyncio.to_thread(_enqueue, rq, worker_id, order)
    except RedisError as error:
        log.warning("could not order a run yet", job_id=order.job_id, attempt=order.attempt, error=str(error))
        return
    await parts.database.write(partial(_note_ordered, order=order))


async def _queue(parts: Parts) -> AsyncIterator[RowMapping]:
    """Yield every queued job, best first: what fits no worker now must not hide what is behind it."""
    page: Sequence[RowMapping] = ()
    while page := await parts.database.read(partial(queue_in_order, after=page[-1] if page else None)):
        for row in page:
            yield row


def _has_room(fleet: Sequence[Host]) -> bool:
    return any(host.free_slots > 0 for host in fleet)


def _enqueue(rq: BlockingRedis, worker_id: str, order: RunOrder) -> None:
    Queue(redis_names.queue(worker_id), connection=rq, serializer=JSONSerializer).enqueue_call(
        RUN_JOB,
        args=(order_to_json(order),),
        job_id=f"{order.job_id}-{order.attempt}",
        timeout=-1,
        result_ttl=0,
        failure_ttl=KEPT_BY_RQ_SECONDS,
        description=f"{order.job_id} attempt {order.attempt}",
    )


def _note_ordered(connection: Connection, *, order: RunOrder) -> None:
    connection.execute(
        update(attempts)
        .where(attempts.c.job_id == order.job_id, attempts.c.attempt == order.attempt)
        .values(ordered_at=now())
    )
