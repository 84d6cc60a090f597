"""Having a worker write a completion: it is asked over Redis, and its events are read as they come."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from axo_api.connections import Waiting
from axo_api.errors import Unavailable
from axo_contracts import redis_names
from axo_contracts.completions import (
    EVENT_FIELD,
    FIRST_ENTRY,
    Begun,
    Completion,
    Done,
    Event,
    Failed,
    Working,
    decode_event,
    encode,
)
from axo_contracts.ids import new_id

log = logging.getLogger(__name__)

_LOOK_SECONDS = 2.0  # of one wait in Redis, well below the client's own patience
MOST_MISSED = 3  # looks at the worker's list without finding what nobody has begun
SILENCE_SECONDS = 20.0  # without a sign of life, after which a worker that had begun is given up


@dataclass(slots=True)
class _Patience:
    """How long is waited still: for the first word of the model, and for the next sign of life."""

    first_word_seconds: float
    began: float
    heard_at: float | None = None
    has_begun: bool = False
    missed: int = 0

    def is_lost(self, *, is_waiting: bool) -> bool:
        """Return whether somebody took it and did not say so; a worker that takes it does, before all else."""
        self.missed = 0 if is_waiting else self.missed + 1
        return self.missed > MOST_MISSED

    def note(self, events: Sequence[Event]) -> None:
        """Take signs of life."""
        if events:
            self.heard_at = time.monotonic()
        self.has_begun = self.has_begun or any(isinstance(event, Begun) for event in events)

    def check(self) -> None:
        """Raise `Unavailable` when it is over."""
        now = time.monotonic()
        if self.heard_at is not None and now - self.heard_at > SILENCE_SECONDS:
            raise Unavailable("The worker that served the model is gone. Ask again.")
        if not self.has_begun and now - self.began > self.first_word_seconds:
            waited_for = "for others to be served" if self.heard_at is None else "for the model to be loaded"
            raise Unavailable(f"Waited {self.first_word_seconds:g} s {waited_for}. Ask again later.")


async def ask(
    waiting: Waiting, worker_id: str, completion: Completion, *, first_word_seconds: float
) -> AsyncGenerator[Event, None]:
    """Yield the events of a completion up to its last, and `Working` every few seconds while nothing else comes.

    Whoever stops to read stops the writing. Raises `Unavailable` when the worker is silent for too long, Redis away, or
    too many wait already.
    """
    completion_id = new_id("completion")
    patience = _Patience(first_word_seconds, time.monotonic())
    with waiting.place() as redis:
        try:
            await _put(redis, worker_id, completion_id, completion)
            last = FIRST_ENTRY
            while True:
                await _still_wanted(redis, completion_id, worker_id, patience, read=last)
                last, events = await _read(redis, completion_id, last)
                patience.note(events)
                patience.check()
                for event in events or [Working(phase="waiting")]:
                    yield event
                    if isinstance(event, Done | Failed):
                        return
        except RedisError as error:
            log.warning("worker %s could not be asked: %r", worker_id, error)
            raise Unavailable("Redis does not answer, so no model can be asked. Try again shortly.") from error
        finally:
            await _forget(redis, completion_id)


async def _put(redis: Redis, worker_id: str, completion_id: str, completion: Completion) -> None:
    name, events = redis_names.completions(worker_id), redis_names.completion_events(completion_id)
    async with redis.pipeline() as pipeline:
        pipeline.set(redis_names.completion(completion_id), encode(completion), ex=redis_names.WANTED_SECONDS)
        pipeline.xadd(events, {EVENT_FIELD: encode(Working(phase="waiting"))}, id=FIRST_ENTRY)
        pipeline.expire(events, redis_names.WRITTEN_SECONDS)
        pipeline.lpush(name, completion_id)
        pipeline.expire(name, redis_names.QUESTIONS_SECONDS)
        await pipeline.execute()


async def _still_wanted(redis: Redis, completion_id: str, worker_id: str, patience: _Patience, *, read: str) -> None:
    """Say that the completion is waited for, and let go of what stands before the entry `read`.

    Raises `Unavailable` when the completion is gone, or the worker before it began.
    """
    events = redis_names.completion_events(completion_id)
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.expire(redis_names.completion(completion_id), redis_names.WANTED_SECONDS)
        pipeline.exists(redis_names.serving(worker_id))
        pipeline.lpos(redis_names.completions(worker_id), completion_id)
        pipeline.expire(redis_names.completions(worker_id), redis_names.QUESTIONS_SECONDS)
        pipeline.expire(events, redis_names.WRITTEN_SECONDS)
        pipeline.xtrim(events, minid=read, approximate=False)
        is_known, is_served, place, *_ = await pipeline.execute()
    if not is_known:
        raise Unavailable("Redis has lost the request. Ask again.")
    if patience.heard_at is None and (not is_served or patience.is_lost(is_waiting=place is not None)):
        raise Unavailable("The worker that was to serve the model is gone. Ask again.")


async def _read(redis: Redis, completion_id: str, last: str) -> tuple[str, list[Event]]:
    """Return what comes behind the entry `last` within a moment, and the newest entry."""
    name = redis_names.completion_events(completion_id)
    found: Any = await redis.xread({name: last}, block=int(_LOOK_SECONDS * 1000))
    entries = found[0][1] if found else []
    try:
        events: list[Event] = [decode_event(fields[EVENT_FIELD]) for _, fields in entries]
    except msgspec.DecodeError as error:
        log.warning("a completion's event cannot be read: %s", error)
        raise Unavailable("The worker's answer cannot be read; it may run another version of axo.") from error
    return (entries[-1][0].decode() if entries else last), events


async def _forget(redis: Redis, completion_id: str) -> None:
    """Leave nothing in Redis of a completion whose asker has gone, so that it is written no further."""
    try:
        names = redis_names.completion(completion_id), redis_names.completion_events(completion_id)
        await asyncio.shield(redis.delete(*names))
    except RedisError:
        return  # both run out by themselves
