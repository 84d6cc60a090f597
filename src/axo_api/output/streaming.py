"""A job's journal as a response that follows it."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from fastapi import Response

from axo_api.errors import Invalid
from axo_api.event_streams import IsAccepted, event_stream
from axo_api.journals.hub import Hub
from axo_api.journals.reading import OffsetError, is_over
from axo_contracts.frames import EVENT_NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What a follower asks for: which events, and behind which id."""

    events: str | None
    last_event_id: str | None
    after: str | None


async def stream(hub: Hub, journal: Path, job_id: str, following: Following, is_accepted: IsAccepted) -> Response:
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
    return event_stream(hub.follow(job_id, start, wanted), is_accepted, hub.closing)


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
