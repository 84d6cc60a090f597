"""`/v1/jobs/{id}/checkpoints`: what each is worth, what keeps it, and its end."""

import asyncio
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path

from axo_api.checkpoints.judging import OnRecord, judge, on_record
from axo_api.checkpoints.removing import mark_step, remove_files
from axo_api.checkpoints.schemas import Checkpoint, CheckpointList, DeletedCheckpoint
from axo_api.dependencies import Axo, Parts, Reach
from axo_api.jobs.endpoints import JobId
from axo_api.openai.names import checkpoint_name

router = APIRouter(prefix="/v1/jobs/{job_id}/checkpoints", tags=["a job's output"])
Step = Annotated[int, Path(ge=1, lt=2**31)]


@router.get("", summary="List a job's checkpoints")
async def list_checkpoints(job_id: JobId, axo: Axo, owner: Reach) -> CheckpointList:
    """List the checkpoints that were completed, oldest first: what each is worth, what keeps it and what uses it."""
    known = await _known(axo, job_id, owner)
    judged = await asyncio.to_thread(judge, axo.settings.storage_root, known)
    return CheckpointList(data=[Checkpoint.of(known.job, one) for one in judged])


@router.delete("/{step}", summary="Delete a checkpoint")
async def delete_checkpoint(job_id: JobId, step: Step, axo: Axo, owner: Reach) -> DeletedCheckpoint:
    """Delete a checkpoint's files; what it was stays listed. One in use is left alone: 409 names what uses it."""
    known = await _known(axo, job_id, owner)
    judged = await asyncio.to_thread(partial(judge, axo.settings.storage_root, known, with_metrics=False))
    newest = next((one.row["id"] for one in judged if one.is_newest), None)
    mark = partial(mark_step, job_id=job_id, step=step, owner=owner, newest_whole=newest)
    rows = await axo.database.write(mark)
    await remove_files(axo.database, axo.settings.storage_root, [row for row in rows if row["gone_at"] is None])
    return DeletedCheckpoint(id=checkpoint_name(known.job, step))


async def _known(axo: Parts, job_id: str, owner: str | None) -> OnRecord:
    return await axo.database.read(partial(on_record, job_id=job_id, owner=owner))
