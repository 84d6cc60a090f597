"""Gives queued jobs to workers: places the best that fits, moves it by compare-and-set, and orders the run."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from redis import Redis as BlockingRedis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import Connection, RowMapping, insert, select, update

from axo_api.axolotl.compiler import compile_config, input_name, resolve_config
from axo_api.clock import now
from axo_api.control.placement import Host, Place, choose, hosts
from axo_api.dependencies import Parts
from axo_api.jobs.moves import move
from axo_api.tables import attempts, files, jobs
from axo_api.workers.fleet import current_runs, live_workers
from axo_contracts import redis_names
from axo_contracts.datasets import FileSource
from axo_contracts.jobs import TrainSpec
from axo_contracts.lifecycle import JobStatus
from axo_contracts.orders import RUN_JOB, InputFile, RunOrder, order_to_json
from axo_contracts.resources import Capabilities, Resources
from axo_contracts.storage_paths import uploaded_file

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
REST_SECONDS = 0.01  # many submits at once are one round
MOST_QUEUED_LOOKED_AT = 500
KEPT_BY_RQ_SECONDS = 3600


async def run_dispatcher(parts: Parts, rq: BlockingRedis) -> None:
    """Place queued jobs for ever, woken by submits and by a clock."""
    woken = parts.queue_changed.listen()
    while True:
        try:
            await dispatch(parts, rq)
        except RedisError as error:
            log.warning("the dispatcher waits for Redis: %s", error)
        await asyncio.sleep(REST_SECONDS)
        await woken.wait(LOOK_SECONDS)


async def dispatch(parts: Parts, rq: BlockingRedis) -> None:
    """Place every queued job that fits now."""
    workers = await live_workers(parts.redis)
    queued: Sequence[RowMapping] | None = None
    while True:
        fleet = hosts(workers, await parts.database.read(current_runs))
        if not any(host.free_slots > 0 for host in fleet):
            return
        queued = await parts.database.read(queue_in_order) if queued is None else queued
        row, place = _first_that_fits(queued, fleet)
        if row is None or place is None:
            return
        queued = [other for other in queued if other["id"] != row["id"]]
        order = await parts.database.write(partial(_place, row=row, place=place, parts=parts))
        if order is not None:
            parts.job_moved()
            await send_order(parts, rq, place.worker.id, order)


def queue_in_order(connection: Connection) -> Sequence[RowMapping]:
    """Return the queued jobs, best first."""
    query = (
        select(jobs.c.id, jobs.c.name, jobs.c.attempt, jobs.c.spec, jobs.c.worker_id, jobs.c.losses, jobs.c.created_at)
        .where(jobs.c.status == JobStatus.QUEUED)
        .order_by(jobs.c.priority.desc(), jobs.c.id)
        .limit(MOST_QUEUED_LOOKED_AT)
    )
    return connection.execute(query).mappings().all()


def place_of(row: RowMapping, fleet: Sequence[Host]) -> Place | str:
    """Return where a queued job would run now, or why it waits."""
    resources = Resources.model_validate(row["spec"]["resources"])
    return choose(resources, fleet, avoid=row["worker_id"] if row["losses"] else None)


async def send_order(parts: Parts, rq: BlockingRedis, worker_id: str, order: RunOrder) -> None:
    """Put an order into its worker's queue. When that fails, the reconciler sends it again: a worker claims it once."""
    try:
        await asyncio.to_thread(_enqueue, rq, worker_id, order)
    except RedisError as error:
        log.warning("could not order %s attempt %d yet: %s", order.job_id, order.attempt, error)
        return
    await parts.database.write(partial(_note_ordered, order=order))


def order_of(connection: Connection, *, job_id: str, attempt: int, parts: Parts) -> RunOrder:
    """Return the order of an attempt that was placed before."""
    config = connection.execute(
        select(attempts.c.config, attempts.c.gpus).where(attempts.c.job_id == job_id, attempts.c.attempt == attempt)
    ).one()
    spec = connection.execute(select(jobs.c.spec).where(jobs.c.id == job_id)).scalar_one()
    return _order(connection, job_id, attempt, TrainSpec.model_validate(spec), config.config, tuple(config.gpus), parts)


def _first_that_fits(
    queued: Sequence[RowMapping], fleet: Sequence[Host]
) -> tuple[RowMapping, Place] | tuple[None, None]:
    for row in queued:
        place = place_of(row, fleet)
        if isinstance(place, Place):
            return row, place
    return None, None


def _place(connection: Connection, *, row: RowMapping, place: Place, parts: Parts) -> RunOrder | None:
    at = now()
    attempt = row["attempt"] + 1
    moved = move(
        connection,
        row["id"],
        JobStatus.STARTING,
        at=at,
        attempt=row["attempt"],
        expected=JobStatus.QUEUED,
        next_attempt=attempt,
        worker_id=place.worker.id,
    )
    if not moved:
        return None
    spec = TrainSpec.model_validate(row["spec"])
    config = resolve_config(compile_config(spec), spec, _placed_capabilities(place))
    connection.execute(
        insert(attempts).values(
            job_id=row["id"],
            attempt=attempt,
            worker_id=place.worker.id,
            boot_id=place.worker.boot_id,
            gpus=list(place.gpus),
            config=config,
            placed_at=at,
        )
    )
    return _order(connection, row["id"], attempt, spec, config, place.gpus, parts)


def _placed_capabilities(place: Place) -> Capabilities:
    """Return the worker's capabilities with only the GPUs that the run will see."""
    capabilities = place.worker.capabilities
    return Capabilities(
        gpus=tuple(gpu for gpu in capabilities.gpus if gpu.index in place.gpus),
        cpu_count=capabilities.cpu_count,
        memory_bytes=capabilities.memory_bytes,
        packages=capabilities.packages,
    )


def _order(
    connection: Connection,
    job_id: str,
    attempt: int,
    spec: TrainSpec,
    config: dict[str, Any],
    gpus: tuple[int, ...],
    parts: Parts,
) -> RunOrder:
    return RunOrder(
        job_id=job_id,
        attempt=attempt,
        kind=spec.kind,
        config=config,
        inputs=_inputs(connection, spec),
        gpus=gpus,
        earlier_attempts=tuple(range(1, attempt)),
        lease_seconds=parts.settings.lease_seconds,
        stop_grace_seconds=parts.settings.stop_grace_seconds,
    )


def _inputs(connection: Connection, spec: TrainSpec) -> tuple[InputFile, ...]:
    ids = {
        dataset.source.file_id
        for dataset in (*spec.datasets, *spec.validation_datasets)
        if isinstance(dataset.source, FileSource)
    }
    rows = connection.execute(select(files.c.id, files.c.bytes, files.c.sha256).where(files.c.id.in_(ids)))
    return tuple(
        InputFile(name=input_name(row.id), source=str(uploaded_file(row.id)), bytes=row.bytes, sha256=row.sha256)
        for row in rows
    )


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
