"""`/v1/workers` and `/v1/queue`: who can run jobs, and which jobs wait for what."""

from datetime import UTC, datetime

from fastapi import APIRouter
from redis.exceptions import RedisError

from axo_api.control.dispatcher import place_of, queue_in_order
from axo_api.control.placement import Place, hosts
from axo_api.dependencies import Axo
from axo_api.errors import Unavailable
from axo_api.workers.fleet import current_runs, live_workers
from axo_api.workers.schemas import GpuView, QueuedJob, QueueList, Worker, WorkerList
from axo_contracts.resources import WorkerState

router = APIRouter(prefix="/v1", tags=["workers"])


@router.get("/workers", summary="List workers")
async def list_workers(axo: Axo) -> WorkerList:
    """List the workers whose heartbeat lives."""
    workers = await _live(axo)
    runs = await axo.database.read(current_runs)
    running = {worker.id: [run.job_id for run in runs if run.worker_id == worker.id] for worker in workers}
    return WorkerList(data=[_worker(worker, running[worker.id]) for worker in workers])


@router.get("/queue", summary="List the queue")
async def list_queue(axo: Axo) -> QueueList:
    """List the jobs that wait, next first, and what each waits for."""
    queued = await axo.database.read(queue_in_order)
    fleet = hosts(await _live(axo), await axo.database.read(current_runs))
    return QueueList(
        data=[
            QueuedJob(
                id=row["id"],
                name=row["name"],
                position=position,
                reason=_reason(place_of(row, fleet)),
                created_at=row["created_at"],
            )
            for position, row in enumerate(queued, start=1)
        ]
    )


async def _live(axo: Axo) -> list[WorkerState]:
    try:
        return await live_workers(axo.redis)
    except RedisError as error:
        raise Unavailable("Redis does not answer, so the workers cannot be seen; jobs are kept.") from error


def _worker(state: WorkerState, running: list[str]) -> Worker:
    gpus = [GpuView(index=gpu.index, name=gpu.name, memory_bytes=gpu.memory_bytes) for gpu in state.capabilities.gpus]
    return Worker(
        id=state.id,
        host=state.host,
        state=state.state,
        gpus=gpus,
        slots=state.capabilities.slots,
        running=running,
        trouble=state.trouble,
        packages=state.capabilities.packages,
        started_at=datetime.fromtimestamp(state.started_at, UTC),
    )


def _reason(place: Place | str) -> str:
    return place if isinstance(place, str) else "starts next"
