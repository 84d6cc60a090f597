"""`/v1/stream`: the lifecycle of all jobs, live."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from axo_api.answers import answered_as
from axo_api.dependencies import Asking, Axo, Seen
from axo_api.errors import Invalid
from axo_api.event_streams import event_stream
from axo_api.jobs.labels import labels_in
from axo_api.lifecycle.events import Wanted, newest
from axo_contracts.events import JOB_EVENTS, JOB_RESUMED
from axo_contracts.lifecycle import JobStatus

router = APIRouter(tags=["jobs"])

TYPES = (*JOB_EVENTS.values(), JOB_RESUMED)
LARGEST_ID = 2**63
LastEventId = Annotated[
    int | None,
    Header(
        ge=0, lt=LARGEST_ID, description="The id of the last event that was received; the stream goes on behind it."
    ),
]
After = Annotated[
    int | None,
    Query(ge=0, lt=LARGEST_ID, description="The same as Last-Event-ID, which comes first; 0: from the first event on."),
]
Events = Annotated[str | None, Query(description=f"Only these, comma-separated: {', '.join(TYPES)}.")]
Statuses = Annotated[list[JobStatus] | None, Query(description="Only moves to one of these statuses.")]
METADATA: dict[str, Any] = {
    "name": "metadata",
    "in": "query",
    "description": "`metadata[k]=v`: only of jobs with this label, and this again for more.",
    "style": "deepObject",
    "explode": True,
    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
}


@router.get(
    "/v1/stream",
    response_class=Response,
    responses=answered_as("text/event-stream"),
    openapi_extra={"parameters": [METADATA]},
    summary="Follow all jobs",
)
async def stream_jobs(
    request: Request,
    axo: Axo,
    caller: Asking,
    owner: Seen,
    events: Events = None,
    status: Statuses = None,
    last_event_id: LastEventId = None,
    after: After = None,
) -> Response:
    """Send each move of each job that the caller may see, from now on or behind an id, without an end.

    An event's id is the number under which the move is recorded; its type and its data are those of `axo:events`.
    """
    statuses = None if status is None else frozenset(status)
    wanted = Wanted(owner, _types(events), statuses, labels_in(request))
    start = after if last_event_id is None else last_event_id
    if start is not None:
        start = min(start, await axo.database.read(newest))  # one of a record that was restored since
    return event_stream(axo.lifecycle.follow(start, wanted), partial(axo.keys.still_accepts, caller), axo.hub.closing)


def _types(events: str | None) -> frozenset[str] | None:
    """Return the types that are asked for; None: all. Raises `Invalid` for one that there is not."""
    if events is None:
        return None
    names = frozenset(name.strip() for name in events.split(","))
    for name in sorted(names.difference(TYPES)):
        raise Invalid(f"events: {name!r} is no event; there are {', '.join(TYPES)}.", param="events")
    return names
