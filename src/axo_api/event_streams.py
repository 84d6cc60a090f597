"""Server-sent events as a response: kept open by pings, ended with the service and when its reader's key is."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from time import monotonic

import anyio
from sse_starlette import EventSourceResponse, ServerSentEvent

from axo_api.keys.ring import REMEMBERED_SECONDS

PING_SECONDS = 15
CLOSING_SECONDS = 1.0  # how long a follower may take to read what it was sent when the service stops

IsAccepted = Callable[[], Awaitable[bool]]


def event_stream(
    chunks: AsyncGenerator[bytes, None], is_accepted: IsAccepted, closing: anyio.Event
) -> EventSourceResponse:
    """Return the response that sends `chunks`, each some whole events, until they end or `closing` is set.

    It breaks off, too, when `is_accepted` says that the follower's key is accepted no longer.
    """
    return EventSourceResponse(
        _while_accepted(chunks, is_accepted),
        headers={"Cache-Control": "no-cache"},
        ping=PING_SECONDS,
        ping_message_factory=lambda: ServerSentEvent(comment="ping", sep="\n"),
        shutdown_event=closing,
        shutdown_grace_period=CLOSING_SECONDS,
    )


async def _while_accepted(chunks: AsyncGenerator[bytes, None], is_accepted: IsAccepted) -> AsyncGenerator[bytes, None]:
    """Yield what a follower is sent, and look now and then, before the next chunk, whether it still may see it."""
    look_at = monotonic() + REMEMBERED_SECONDS
    async with aclosing(chunks):
        async for chunk in chunks:
            if monotonic() > look_at:
                if not await is_accepted():
                    return
                look_at = monotonic() + REMEMBERED_SECONDS
            yield chunk
