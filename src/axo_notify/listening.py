"""Hears all events, those too that were told while nobody listened."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import msgspec
import structlog
from redis.asyncio import Redis

from axo_contracts import redis_names
from axo_contracts.events import Event, decode_event
from axo_notify.patience import until_it_answers

log = structlog.get_logger(__name__)

READ_AT_ONCE = 100
WAIT_MILLISECONDS = 5000


class Heard(NamedTuple):
    """An entry of the log, and the event in it; None where it is of a type that this version does not know."""

    place: str
    event: Event | None


async def newest_place(redis: Redis) -> str:
    """Return the place behind all events that there are. Waits for Redis."""
    newest: Any = await until_it_answers(lambda: redis.xrevrange(redis_names.EVENTS_LOG, count=1))
    return newest[0][0].decode() if newest else "0"


async def events_behind(redis: Redis, place: str) -> AsyncIterator[Heard]:
    """Yield each event behind `place` as it is told, for ever and in order. Waits for a Redis that is away."""
    while True:
        for entry_id, fields in await until_it_answers(lambda: _read(redis, place)):  # noqa: B023 (awaited here)
            place = entry_id.decode()
            yield Heard(place, _decoded(fields[b"event"]))


async def _read(redis: Redis, place: str) -> Any:
    log_key = redis_names.EVENTS_LOG
    answer: Any = await redis.xread({log_key: place}, count=READ_AT_ONCE, block=WAIT_MILLISECONDS)
    if not answer:
        return ()
    return next(iter(answer.values()))[0] if isinstance(answer, dict) else answer[0][1]


def _decoded(text: bytes) -> Event | None:
    try:
        return decode_event(text)
    except (KeyError, msgspec.DecodeError) as error:
        log.debug("an event is passed over", error=str(error))
        return None
