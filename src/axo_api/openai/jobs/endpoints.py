"""`/v1/fine_tuning/jobs`: create, list, get, cancel, pause, resume, events, checkpoints."""

import asyncio
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from sqlalchemy import RowMapping

from axo_api.answers import refused_with
from axo_api.callers import Caller
from axo_api.catalogue.presets import with_preset
from axo_api.dependencies import Asking, Axo, Owner, Parts, Reach
from axo_api.jobs import commands
from axo_api.jobs import service as jobs_service
from axo_api.jobs.endpoints import IdempotencyKey, tell
from axo_api.jobs.labels import labels_in
from axo_api.jobs.submitting import submit
from axo_api.json_body import TakesJson
from axo_api.models.starting import Start, start_from
from axo_api.openai.base_models import mapped
from axo_api.openai.jobs import checkpoints, events, service
from axo_api.openai.jobs.presenting import present
from axo_api.openai.jobs.requests import CreateJob
from axo_api.openai.jobs.schemas import FineTuningJob, FineTuningJobCheckpoint, FineTuningJobEvent
from axo_api.openai.jobs.translation import translate
from axo_api.openai.retries import key_of
from axo_api.openai.words import in_openai_words
from axo_api.pagination import After, Limit, Page, page

router = APIRouter(prefix="/v1/fine_tuning/jobs", tags=["OpenAI's fine-tuning API"], route_class=TakesJson)

JobId = Annotated[str, Path(max_length=64, examples=["ftjob-01m80dj386h6snwnj5w2aq1gwa"])]
RetryCount = Annotated[
    int,
    Header(
        alias="x-stainless-retry-count",
        ge=0,
        le=1000,
        description="Sent by OpenAI's clients: over 0, the job that an earlier try has made is returned.",
    ),
]
Metadata = Annotated[
    str | None,
    Query(description="`metadata[k]=v`: only jobs with this label, and this again for more; `metadata=null`: without."),
]


@router.post("", responses=refused_with(429), summary="Create a fine-tuning job")
async def create_job(
    wanted: CreateJob,
    request: Request,
    axo: Axo,
    caller: Asking,
    idempotency_key: IdempotencyKey = None,
    retry_count: RetryCount = 0,
) -> FineTuningJob:
    """Queue a job. A create that comes again because its answer was lost makes no second job.

    Native fields may stand beside OpenAI's: adapter, axolotl, limits, method, priority, resources, hyperparameters.
    """
    with in_openai_words():
        asked = translate(wanted, axo.settings.base_models, start := await _start(wanted.model, axo, caller))
        spec = with_preset(asked.spec, axo.catalogue)
        if idempotency_key is None:
            key = partial(key_of, body=await request.body(), owner=caller.owner, retry_count=retry_count)
            idempotency_key = await axo.database.write(key)
        weights = start.weights if start else None
        submission = jobs_service.Submission.of(
            spec,
            owner=caller.owner,
            idempotency_key=idempotency_key,
            asked_as=f"submit from {weights}" if weights else "submit",
        )
        submission.row.update(openai=asked.face, weights_from=weights)
        return present(await submit(axo, caller, submission))


@router.get("", summary="List fine-tuning jobs")
async def list_jobs(
    request: Request, axo: Axo, owner: Owner, after: After = None, limit: Limit = 20, metadata: Metadata = None
) -> Page[FineTuningJob]:
    """List jobs, newest first, whichever API they were made with."""
    labels = None if metadata == "null" else labels_in(request)
    found = await axo.database.read(partial(service.find, owner=owner, after=after, limit=limit, metadata=labels))
    return page(found, limit)


@router.get("/{job_id}", summary="Retrieve a fine-tuning job")
async def get_job(job_id: JobId, axo: Axo, owner: Reach) -> FineTuningJob:
    """Return a job."""
    return await axo.database.read(partial(service.get, job_id=job_id, owner=owner))


@router.post("/{job_id}/cancel", summary="Cancel a fine-tuning job")
async def cancel_job(job_id: JobId, axo: Axo, owner: Reach) -> FineTuningJob:
    """Stop a job for good."""
    return await _told(axo, await axo.database.write(partial(commands.cancel, job_id=job_id, owner=owner)))


@router.post("/{job_id}/pause", summary="Pause a fine-tuning job")
async def pause_job(job_id: JobId, axo: Axo, owner: Reach) -> FineTuningJob:
    """Stop a job at its next step, with a checkpoint, until it is resumed."""
    return await _told(axo, await axo.database.write(partial(commands.pause, job_id=job_id, owner=owner)))


@router.post("/{job_id}/resume", summary="Resume a fine-tuning job")
async def resume_job(job_id: JobId, axo: Axo, owner: Reach) -> FineTuningJob:
    """Let a paused job go on from its checkpoint."""
    return await _told(axo, await axo.database.write(partial(commands.resume, job_id=job_id, owner=owner)))


@router.get("/{job_id}/events", summary="List a fine-tuning job's events")
async def list_events(
    job_id: JobId, axo: Axo, owner: Reach, after: After = None, limit: Limit = 20
) -> Page[FineTuningJobEvent]:
    """List what happened to a job and what was measured, newest first."""
    told = await axo.database.read(partial(events.find, job_id=job_id, owner=owner, after=after, limit=limit))
    return page(await asyncio.to_thread(events.with_metrics, axo.settings.storage_root, told), limit)


@router.get("/{job_id}/checkpoints", summary="List a fine-tuning job's checkpoints")
async def list_checkpoints(
    job_id: JobId, axo: Axo, owner: Reach, after: After = None, limit: Limit = 10
) -> Page[FineTuningJobCheckpoint]:
    """List a job's checkpoints with what was measured at each, newest first."""
    found = await axo.database.read(partial(checkpoints.find, job_id=job_id, owner=owner, after=after, limit=limit))
    return page(await asyncio.to_thread(checkpoints.with_metrics, axo.settings.storage_root, found), limit)


async def _start(model: str, axo: Parts, caller: Caller) -> Start | None:
    if not model.startswith("ft:") or mapped(model, axo.settings.base_models) is not None:
        return None
    return await axo.database.read(partial(start_from, name=model, owner=caller.reach, prefer=caller.owner))


async def _told(axo: Parts, row: RowMapping | dict[str, Any]) -> FineTuningJob:
    await tell(axo, row)
    return present(row)
