"""A job's journal as a response that follows it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from fastapi import Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from axo_api.errors import Invalid
from axo_api.journals.hub import Hub
from axo_api.journals.reading import OffsetError, is_over
from axo_api.keys.ring import REMEMBERED_SECONDS
from axo_contracts.frames import EVENT_NAMES

PING_SECONDS = 15
CLOSING_SECONDS = 1.0  # how long a follower may take to read what it was sent when the service stops


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What a follower asks for: which events, and behind which id."""

    events: str | None
    last_event_id: str | None
    after: str | None


async def stream(
    hub: Hub, journal: Path, job_id: str, following: Following, is_accepted: Callable[[], Awaitable[bool]]
) -> Response:
    """Return the response that follows a job's journal, or an empty 204 when the follower has seen its end.

    204 is what makes a browser's EventSource stop. The stream breaks off when the follower's key is accepted no
    longer. Raises `Invalid` for an event name or an id that does not exist.
    """
    wanted = _event_types(following.events)
    field = "after" if following.last_event_id is None else "Last-Event-ID"
    start = _offset(following.last_event_id or following.after or "0", field)
    try:
        if await asyncio.to_thread(is_over, journal, start):
            return Response(status_code=204)
    except OffsetError:
        raise _no_such_id(str(start), field) from None
    return EventSourceResponse(
        _while_accepted(hub.follow(job_id, start, wanted), is_accepted),
        headers={"Cache-Control": "no-cache"},
        ping=PING_SECONDS,
        ping_message_factory=lambda: ServerSentEvent(comment="ping", sep="\n"),
        shutdown_event=hub.closing,
        shutdown_grace_period=CLOSING_SECONDS,
    )


async def _while_accepted(
    chunks: AsyncGenerator[bytes, None], is_accepted: Callable[[], Awaitable[bool]]
) -> AsyncGenerator[bytes, None]:
    """Yield what a follower is sent, and look now and then, before the next chunk, whether it still may see it."""
    look_at = monotonic() + REMEMBERED_SECONDS
    async with aclosing(chunks):
        async for chunk in chunks:
            if monotonic() > look_at:
                if not await is_accepted():
                    return
                look_at = monotonic() + REMEMBERED_SECONDS
            yield chunk


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
