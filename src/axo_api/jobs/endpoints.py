"""`/v1/jobs`: submit, list, get, cancel, pause, resume, retry."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response
from sqlalchemy import RowMapping

from axo_api.answers import refused_with
from axo_api.catalogue.presets import with_preset
from axo_api.control.asking import ASKS, ask_run
from axo_api.dependencies import Asking, Axo, Force, Listed, Parts, Reach
from axo_api.jobs import commands, deleting, service
from axo_api.jobs.schemas import DeletedJob, Job, Retry
from axo_api.jobs.submitting import submit
from axo_api.jobs.yaml_body import YAML_BODY, TakesYaml
from axo_api.pagination import After, Limit, Page, page
from axo_api.workers.outlook import waiting_of
from axo_contracts.jobs import JobSpec
from axo_contracts.lifecycle import JobStatus

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], route_class=TakesYaml)
JobId = Annotated[str, Path(examples=["ftjob-01m80dj386h6snwnj5w2aq1gwa"])]
IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=255, description="The same key again returns the job that it made before."),
]


@router.post(
    "",
    status_code=201,
    response_model=Job,
    responses=refused_with(429),
    summary="Submit a job",
    openapi_extra=YAML_BODY,
)
async def submit_job(spec: JobSpec, axo: Axo, caller: Asking, idempotency_key: IdempotencyKey = None) -> Response:
    """Queue a job. When this answers 201 the job is on disk: it runs whatever breaks in between.

    The body is a typed spec; or, as YAML or in the field `config`, a whole Axolotl config.
    """
    spec = with_preset(spec, axo.catalogue)
    submission = service.Submission.of(spec, owner=caller.owner, idempotency_key=idempotency_key)
    return _created(await submit(axo, caller, submission))


@router.get("", summary="List jobs")
async def list_jobs(
    axo: Axo,
    owner: Listed,
    after: After = None,
    limit: Limit = 20,
    status: Annotated[list[JobStatus] | None, Query(description="Only jobs in one of these statuses.")] = None,
) -> Page[Job]:
    """List jobs, newest first."""
    rows = await axo.database.read(partial(service.find, owner=owner, after=after, limit=limit, statuses=status or ()))
    return page([Job.from_row(row) for row in rows], limit)


@router.get("/{job_id}", summary="Get a job")
async def get_job(job_id: JobId, axo: Axo, owner: Reach) -> Job:
    """Return a job; while it is queued, with what it waits for."""
    row = await axo.database.read(partial(service.get, job_id=job_id, owner=owner))
    job = Job.from_row(row)
    if job.status is JobStatus.QUEUED:
        job.waiting = await waiting_of(axo, row)
    return job


@router.delete("/{job_id}", summary="Delete a job")
async def delete_job(job_id: JobId, axo: Axo, owner: Reach, force: Force = False) -> DeletedJob:
    """Delete a job that has ended, for good: its outputs, log, metrics and record.

    A 409 names what depends on it. A deletion that was cut short is finished by asking again.
    """
    await deleting.delete_job(axo, job_id, owner=owner, force=force)
    return DeletedJob(id=job_id)


@router.post("/{job_id}/cancel", summary="Cancel a job")
async def cancel_job(job_id: JobId, axo: Axo, owner: Reach) -> Job:
    """Stop a job for good: at its next step, with a checkpoint. Cancelling twice is once."""
    row = await axo.database.write(partial(commands.cancel, job_id=job_id, owner=owner))
    return await _told(axo, row)


@router.post("/{job_id}/pause", summary="Pause a job")
async def pause_job(job_id: JobId, axo: Axo, owner: Reach) -> Job:
    """Stop a job at its next step, with a full checkpoint, and free its GPUs until it is resumed."""
    row = await axo.database.write(partial(commands.pause, job_id=job_id, owner=owner))
    return await _told(axo, row)


@router.post("/{job_id}/resume", summary="Resume a job")
async def resume_job(job_id: JobId, axo: Axo, owner: Reach) -> Job:
    """Queue a paused job again: it goes on from its checkpoint, with the same losses as if it had never stopped."""
    row = await axo.database.write(partial(commands.resume, job_id=job_id, owner=owner))
    return await _told(axo, row)


@router.post("/{job_id}/retry", status_code=201, summary="Retry a job")
async def retry_job(
    job_id: JobId, axo: Axo, owner: Reach, how: Retry | None = None, idempotency_key: IdempotencyKey = None
) -> Job:
    """Queue a new job with the spec of one that has ended, from one of its checkpoints or from scratch."""
    row = await axo.database.write(
        partial(
            commands.retry,
            job_id=job_id,
            owner=owner,
            from_checkpoint=(how or Retry()).from_checkpoint,
            idempotency_key=idempotency_key,
        )
    )
    return await _told(axo, row)


async def tell(axo: Parts, row: RowMapping | dict[str, Any]) -> None:
    """Tell everyone whom a job's move concerns, after its commit."""
    if (ask := ASKS.get(row["status"])) is not None:
        await ask_run(axo.redis, row["id"], row["attempt"], ask)
    axo.job_moved()
    axo.queue_changed()


async def _told(axo: Parts, row: RowMapping | dict[str, Any]) -> Job:
    await tell(axo, row)
    return Job.from_row(row)


def _created(row: RowMapping | dict[str, Any]) -> Response:
    return Response(Job.from_row(row).model_dump_json(), status_code=201, media_type="application/json")
