"""Who follows the lifecycle of jobs: new events are read once a process, and handed to all who want them."""

import asyncio
import logging
from bisect import bisect_right
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import takewhile
from operator import attrgetter
from typing import TypeVar

import anyio
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from axo_api.database import Database
from axo_api.lifecycle.events import Event, Wanted, find_behind
from axo_api.lifecycle.settled import Mark, Settled, mark
from axo_api.wake import Listener

log = logging.getLogger(__name__)
T = TypeVar("T")

LOOK_SECONDS = 0.25  # how late a follower may be told of what another process recorded
REST_SECONDS = 0.02
RETRY_SECONDS = 1.0
EVENTS_A_READ = 100
KEPT_EVENTS = 1000
MARK_EVENTS = 1000  # that a filter leaves out, after which the follower is told how far it is


class Lifecycle:
    """Serves the recorded moves of all jobs as server-sent events, in the order of their numbers, which are the ids.

    Events are handed out only up to where none can turn up between them any more, so whoever goes on behind an id
    misses none. The newest are kept in memory for all followers; one that is further behind reads the database.
    """

    def __init__(self, database: Database, woken: Listener, closing: anyio.Event) -> None:
        self._database = database
        self._woken = woken
        self._closing = closing
        self._settled = Settled()
        self._recent: list[Event] = []
        self._recent_behind = 0  # all settled events behind this one are in `_recent`
        self._followers = 0
        self._reading: asyncio.Task[None] | None = None
        self._grown = asyncio.Event()

    async def follow(self, start: int | None, wanted: Wanted) -> AsyncGenerator[bytes, None]:
        """Yield what is wanted of the events behind `start` (None: of those that come), and go on as there are more.

        First, and where many were left out, comes an id without an event, so that whoever reconnects knows from where.
        Ends when the service closes.
        """
        with self._following():
            position = await self._settled_behind(-1) if start is None else start
            told = position
            yield b"id: %d\n\n" % position
            while not self._closing.is_set():
                if position >= await self._settled_behind(position):
                    continue
                events, position = await self._next(position, wanted.owner)
                if chunk := b"".join(event.data for event in events if wanted.accepts(event)):
                    told = position
                    yield chunk
                elif position - told >= MARK_EVENTS:
                    told = position
                    yield b"id: %d\n\n" % position

    async def _settled_behind(self, position: int) -> int:
        """Return the last settled event, once there is one behind `position` or the service closes."""
        while (until := self._settled.until) is None or until <= position:
            if self._closing.is_set():
                return position
            await self._grown.wait()
        return until

    async def _next(self, position: int, owner: str | None) -> tuple[list[Event], int]:
        """Return some of the settled events behind a position, of this owner at least, and up to where they are all."""
        until = self._settled.until
        assert until is not None
        if position >= self._recent_behind:
            first = bisect_right(self._recent, position, key=attrgetter("id"))
            events = self._recent[first : first + EVENTS_A_READ]
        else:
            read = partial(find_behind, after=position, limit=EVENTS_A_READ, until=until, owner=owner)
            events = await self._retried(read)
        return events, events[-1].id if len(events) == EVENTS_A_READ else until

    @contextmanager
    def _following(self) -> Iterator[None]:
        self._followers += 1
        if self._reading is None or self._reading.done():
            self._settled, self._recent = Settled(), []
            self._reading = asyncio.get_running_loop().create_task(self._read_on())
        try:
            yield
        finally:
            self._followers -= 1

    async def _read_on(self) -> None:
        """Look for new events, woken when a job has moved here and by a clock, as long as there are any followers."""
        while self._followers and not self._closing.is_set():
            before = self._settled.until
            now, events = await self._retried(partial(_look, after=before))
            self._take(now, events)
            if self._settled.until != before:
                self._wake()
            await asyncio.sleep(REST_SECONDS)
            await self._woken.wait(REST_SECONDS if self._settled.is_waiting else LOOK_SECONDS)
        self._wake()

    def _take(self, now: Mark, events: list[Event]) -> None:
        """Keep those of the events behind the last settled one that are settled by now."""
        is_first = self._settled.until is None
        self._settled.note(now)
        until = self._settled.until
        if until is None:
            return
        if is_first or (len(events) == KEPT_EVENTS and events[-1].id < until):  # too many, or unknown: not in memory
            self._recent, self._recent_behind = [], until
            return
        self._recent += takewhile(lambda event: self._settled.note_next(event.id), events)
        if len(self._recent) > 2 * KEPT_EVENTS:
            self._recent_behind = self._recent[-KEPT_EVENTS - 1].id
            del self._recent[:-KEPT_EVENTS]

    def _wake(self) -> None:
        self._grown.set()
        self._grown.clear()

    async def _retried(self, read: Callable[[Connection], T]) -> T:
        while True:
            try:
                return await self._database.read(read)
            except DBAPIError as error:
                log.warning("the stream of all jobs waits: %s", error)
                await asyncio.sleep(RETRY_SECONDS)


def _look(connection: Connection, *, after: int | None) -> tuple[Mark, list[Event]]:
    """Return how far the record is and then, so that all before the mark is seen, what is behind the event `after`."""
    now = mark(connection)
    return now, [] if after is None else find_behind(connection, after, limit=KEPT_EVENTS)
