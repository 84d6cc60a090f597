"""`/v1/jobs/{id}/…`: what a job has put out, live and afterwards."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse

from axo_api.answers import answered_as
from axo_api.dependencies import Asking, Axo, Parts, Reach
from axo_api.jobs.endpoints import JobId
from axo_api.jobs.service import get
from axo_api.output import service
from axo_api.output.logs import log_text
from axo_api.output.schemas import JobEvent
from axo_api.output.streaming import Following, stream
from axo_api.pagination import Limit, Page, page
from axo_contracts import storage_paths
from axo_contracts.frames import EVENT_NAMES

router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["a job's output"])

LastEventId = Annotated[
    str | None, Header(description="The id of the last event that was received; the stream goes on behind it.")
]
After = Annotated[str | None, Query(description="The same as Last-Event-ID, which comes first.")]
Events = Annotated[str | None, Query(description=f"Only these, comma-separated, and end: {', '.join(EVENT_NAMES)}.")]

STREAM: dict[int | str, dict[str, Any]] = {
    **answered_as("text/event-stream"),
    204: {"description": "The job has ended and the follower has seen its end."},
}


@router.get("/stream", response_class=Response, responses=STREAM, summary="Follow a job")
async def stream_job(
    job_id: JobId,
    axo: Axo,
    caller: Asking,
    events: Events = None,
    last_event_id: LastEventId = None,
    after: After = None,
) -> Response:
    """Send all that a job has said, from its start or behind an id, then go on live until its `end`."""
    journal = await _journal(axo, job_id, caller.reach)
    following = Following(events=events, last_event_id=last_event_id, after=after)
    return await stream(axo.hub, journal, job_id, following, partial(axo.keys.still_accepts, caller))


@router.get("/logs/stream", response_class=Response, responses=STREAM, summary="Follow a job's log")
async def stream_logs(
    job_id: JobId, axo: Axo, caller: Asking, last_event_id: LastEventId = None, after: After = None
) -> Response:
    """Do what `/stream` does, for `log` and `end` only."""
    journal = await _journal(axo, job_id, caller.reach)
    following = Following(events="log", last_event_id=last_event_id, after=after)
    return await stream(axo.hub, journal, job_id, following, partial(axo.keys.still_accepts, caller))


@router.get("/logs", response_class=Response, responses=answered_as("text/plain"), summary="Read a job's log")
async def read_logs(
    job_id: JobId,
    axo: Axo,
    owner: Reach,
    tail: Annotated[int | None, Query(ge=0, description="Only the newest lines, this many.")] = None,
) -> Response:
    """Return what the trainer printed so far, as text; the worker's own lines are marked `[worker]`."""
    journal = await _journal(axo, job_id, owner)
    return StreamingResponse(log_text(journal, tail), media_type="text/plain; charset=utf-8")


@router.get("/events", summary="List a job's moves")
async def list_events(
    job_id: JobId,
    axo: Axo,
    owner: Reach,
    after: Annotated[int, Query(ge=0, lt=2**63, description="The last id of the page before.")] = 0,
    limit: Limit = 20,
) -> Page[JobEvent]:
    """List each change of a job's status with its reason, newest last."""
    rows = await axo.database.read(partial(service.find_events, job_id=job_id, owner=owner, after=after, limit=limit))
    return page([JobEvent.model_validate(dict(row)) for row in rows], limit)


@router.get(
    "/config",
    response_class=Response,
    responses=answered_as("application/yaml", "object"),
    summary="Read a job's Axolotl config",
)
async def read_config(
    job_id: JobId,
    axo: Axo,
    owner: Reach,
    attempt: Annotated[int | None, Query(ge=1, lt=2**31, description="Left out: the newest.")] = None,
) -> Response:
    """Return the YAML that an attempt ran with; before the first one, what is known of it by then."""
    text, name = await axo.database.read(partial(service.config_yaml, job_id=job_id, owner=owner, attempt=attempt))
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(text, media_type="application/yaml", headers=headers)


async def _journal(axo: Parts, job_id: str, owner: str | None) -> Path:
    """Return where a job's journal lies. Raises `NotFound` when there is no such job."""
    await axo.database.read(partial(get, job_id=job_id, owner=owner))
    return axo.settings.storage_root / storage_paths.journal(job_id)
