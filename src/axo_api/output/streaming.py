"""A job's journal as a response that follows it."""

import asyncio
from pathlib import Path

from fastapi import Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from axo_api.errors import Invalid
from axo_api.journals.hub import Hub
from axo_api.journals.reading import OffsetError, is_over
from axo_contracts.frames import EVENT_NAMES

PING_SECONDS = 15
CLOSING_SECONDS = 1.0  # how long a follower may take to read what it was sent when the service stops


async def stream(
    hub: Hub, journal: Path, job_id: str, *, events: str | None, last_event_id: str | None, after: str | None
) -> Response:
    """Return the response that follows a job's journal, or an empty 204 when the follower has seen its end.

    204 is what makes a browser's EventSource stop. Raises `Invalid` for an event name or an id that does not exist.
    """
    wanted = _event_types(events)
    field = "after" if last_event_id is None else "Last-Event-ID"
    start = _offset(last_event_id or after or "0", field)
    try:
        if await asyncio.to_thread(is_over, journal, start):
            return Response(status_code=204)
    except OffsetError:
        raise _no_such_id(str(start), field) from None
    return EventSourceResponse(
        hub.follow(job_id, start, wanted),
        headers={"Cache-Control": "no-cache"},
        ping=PING_SECONDS,
        ping_message_factory=lambda: ServerSentEvent(comment="ping", sep="\n"),
        shutdown_event=hub.closing,
        shutdown_grace_period=CLOSING_SECONDS,
    )


def _event_types(events: str | None) -> frozenset[str] | None:
    """Return the types that were asked for, and `end`: every follower is told why its stream closes."""
    if events is None:
        return None
    names = [name.strip() for name in events.split(",")]
    for name in names:
        if name not in EVENT_NAMES:
            raise Invalid(f"events: {name!r} is no event; there are {', '.join(EVENT_NAMES)}.", param="events")
    return frozenset(names) | {"end"}


def _offset(text: str, field: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise _no_such_id(text, field)
    return int(text)


def _no_such_id(text: str, field: str) -> Invalid:
    return Invalid(
        f"{field}: {text[:100]!r} is no id of this job's stream; leave it out to read from the start.", param=field
    )
