"""`/v1/workers` and `/v1/queue`: who can run jobs, and which jobs wait for what."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from fastapi import APIRouter
from redis.exceptions import RedisError
from sqlalchemy import RowMapping

from axo_api.dependencies import Axo, Listed, Reach
from axo_api.errors import Unavailable
from axo_api.workers.fleet import Run, current_runs, live_workers
from axo_api.workers.gpus import gpus_of
from axo_api.workers.outlook import Outlook, outlook
from axo_api.workers.schemas import HostLoadView, QueuedJob, QueueList, Worker, WorkerList
from axo_api.workers.waiting import waiting
from axo_contracts.resources import WorkerState

UNSEEN = "Redis does not answer, so the workers cannot be seen; jobs are kept."

router = APIRouter(prefix="/v1", tags=["workers"])


@router.get("/workers", summary="List workers")
async def list_workers(axo: Axo, owner: Reach) -> WorkerList:
    """List the workers whose heartbeat lives."""
    workers = await _live(axo)
    runs = await axo.database.read(current_runs)
    return WorkerList(data=[_worker(worker, runs, owner) for worker in workers])


@router.get("/queue", summary="List the queue")
async def list_queue(axo: Axo, owner: Listed) -> QueueList:
    """List the jobs that wait, next first, and what each waits for. Those of other owners are counted only."""
    queue = await axo.database.read(partial(waiting, owner=owner))
    try:
        ahead = await outlook(axo)
    except RedisError as error:
        raise Unavailable(UNSEEN) from error
    return QueueList(data=[_queued(row, ahead) for row in queue.rows], others=queue.others)


async def _live(axo: Axo) -> list[WorkerState]:
    try:
        return await live_workers(axo.redis)
    except RedisError as error:
        raise Unavailable(UNSEEN) from error


def _worker(state: WorkerState, runs: Sequence[Run], owner: str | None) -> Worker:
    on_it = [run for run in runs if run.worker_id == state.id]
    return Worker(
        id=state.id,
        host=state.host,
        state=state.state,
        gpus=gpus_of(state),
        slots=state.capabilities.slots,
        running=[run.job_id for run in on_it if owner in {None, run.owner}],
        busy_slots=len(on_it),
        trouble=state.trouble or " ".join(trouble.message for trouble in state.gpu_troubles) or None,
        gpu_note=state.gpu_note,
        host_load=HostLoadView.model_validate(state.host_load) if state.host_load else None,
        packages=state.capabilities.packages,
        started_at=datetime.fromtimestamp(state.started_at, UTC),
    )


def _queued(row: RowMapping, ahead: Outlook) -> QueuedJob:
    shown = ahead.waiting(row, row["position"])
    return QueuedJob(id=row["id"], name=row["name"], created_at=row["created_at"], **shown.model_dump())
