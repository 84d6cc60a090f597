"""What the notifier keeps in Redis: how far it has heard, the stories, who is still to be told, and the messages."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from redis.asyncio import Redis

from axo_contracts import redis_names
from axo_notify.patience import until_it_answers
from axo_notify.story import Story

_SENT = b"sent:"
_FORGET_UNLESS_NEWER = """
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A story as it was at `place` in the log, and what each destination's message is called there."""

    story: Story | None = None
    place: str = ""
    sent: dict[str, str] = field(default_factory=dict)


class Store:
    """One notifier's. Each call waits for a Redis that is away; none does harm when it is carried out twice."""

    def __init__(self, redis: Redis, name: str) -> None:
        self._redis: Any = redis  # redis-py types its commands for both of its clients at once
        self._name = name

    async def place(self) -> str | None:
        """Return the place in the log up to which all is heard."""
        found = await until_it_answers(lambda: self._redis.get(self._place))
        return found.decode() if found else None

    async def pass_over(self, place: str) -> None:
        """Note that all up to `place` is heard."""
        await until_it_answers(lambda: self._redis.set(self._place, place))

    async def read(self, subject: str) -> Kept:
        """Return what is kept of a subject: a job's id, or a worker's event."""
        found = await until_it_answers(lambda: self._redis.hgetall(self._story(subject)))
        if b"story" not in found:
            return Kept()
        sent = {name[len(_SENT) :].decode(): ref.decode() for name, ref in found.items() if name.startswith(_SENT)}
        return Kept(msgspec.json.decode(found[b"story"], type=Story), found[b"place"].decode(), sent)

    async def keep(self, subject: str, story: Story, place: str, destinations: Iterable[str]) -> None:
        """Note at once that all up to `place` is heard, the story then, and who is to be told of it."""

        async def write() -> None:
            async with self._redis.pipeline(transaction=True) as steps:
                key = self._story(subject)
                steps.hset(key, mapping={"story": msgspec.json.encode(story), "place": place})
                steps.expire(key, redis_names.NOTIFY_SECONDS)
                for destination in destinations:
                    steps.hset(self._due(destination), subject, place)
                steps.set(self._place, place)
                await steps.execute()

        await until_it_answers(write)

    async def due(self, destination: str) -> list[str]:
        """Return the subjects that a destination is still to be told of."""
        found = await until_it_answers(lambda: self._redis.hkeys(self._due(destination)))
        return [subject.decode() for subject in found]

    async def is_due(self, destination: str, subject: str) -> bool:
        """Return whether a destination is still to be told of a subject."""
        return bool(await until_it_answers(lambda: self._redis.hexists(self._due(destination), subject)))

    async def note_sent(self, destination: str, subject: str, message: str) -> None:
        """Note what the message about a subject is called at a destination."""
        field = _SENT + destination.encode()
        await until_it_answers(lambda: self._redis.hset(self._story(subject), field, message))

    async def note_told(self, destination: str, subject: str, place: str) -> None:
        """Note that a destination was told of a subject as it was at `place`; if there is news, it stays due."""
        key = self._due(destination)
        await until_it_answers(lambda: self._redis.eval(_FORGET_UNLESS_NEWER, 1, key, subject, place))

    @property
    def _place(self) -> str:
        return redis_names.notify_place(self._name)

    def _story(self, subject: str) -> str:
        return redis_names.notify_story(self._name, subject)

    def _due(self, destination: str) -> str:
        return redis_names.notify_due(self._name, destination)
