"""Keeps one destination's messages up to date, at its own pace: the newest state of a job is what it is told."""

import asyncio
import time
import traceback
from datetime import UTC, datetime

import structlog

from axo_contracts.lifecycle import JobStatus
from axo_notify.card import card_of
from axo_notify.destinations.sender import Refused, Sender, Sent, TryLater
from axo_notify.store import Kept, Store
from axo_notify.story import Story

log = structlog.get_logger(__name__)

FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 1.0, 300.0


class Outbox:
    """One destination's. What is due is in Redis too, so that a restart goes on with it."""

    def __init__(self, name: str, sender: Sender, store: Store, *, edit_seconds: float, public_url: str | None) -> None:
        self.name = name
        self.can_edit = sender.can_edit
        self._sender, self._store = sender, store
        self._edit_seconds, self._public_url = edit_seconds, public_url
        self._due: dict[str, float] = {}  # by subject: from when on, in monotonic seconds
        self._edited_at: dict[str, float] = {}
        self._news = asyncio.Event()
        self._failures = 0

    def tell(self, subject: str, *, at_once: bool) -> None:
        """Have the destination told of a subject, of which there is news in the store."""
        edited_at = self._edited_at.get(subject)
        ready_at = 0.0 if edited_at is None else edited_at + self._edit_seconds
        self._due[subject] = 0.0 if at_once else min(ready_at, self._due.get(subject, ready_at))
        self._news.set()

    async def run(self) -> None:
        """Tell all that is due, for ever; end when the destination refuses, or at a fault of our own."""
        for subject in await self._store.due(self.name):
            self._due.setdefault(subject, 0.0)
        try:
            while True:
                subject = await self._next()
                if await self._store.is_due(self.name, subject):
                    await self._tell(subject)
        except Refused as error:
            self._give_up("a destination refuses, and is told nothing more until a restart", why=str(error))
        except Exception as error:  # a fault with one destination is none of the others'
            stack = "".join(traceback.format_tb(error.__traceback__))  # without its text, which may hold an address
            self._give_up("a destination failed", error=type(error).__name__, stack=stack)
        finally:
            await self._sender.close()

    async def _next(self) -> str:
        """Return the subject that is next, once it may be told."""
        while True:
            self._news.clear()
            subject = min(self._due, key=self._due.__getitem__, default=None)
            if subject is not None and self._due[subject] <= time.monotonic():
                del self._due[subject]
                return subject
            wait_seconds = self._due[subject] - time.monotonic() if subject is not None else None
            try:
                await asyncio.wait_for(self._news.wait(), wait_seconds)
            except TimeoutError:
                continue

    async def _tell(self, subject: str) -> None:
        kept = await self._store.read(subject)
        if kept.story is not None and (mark := self._wants(kept.story, kept)) is not None:
            card = card_of(kept.story, self._public_url, datetime.now(UTC))
            try:
                sent = await self._sender.send(card, kept.sent.get(self.name))
            except TryLater as later:
                self._due.setdefault(subject, 0.0)
                await self._rest(later)
                return
            await self._note(subject, kept.story, sent, mark)
        await self._store.note_told(self.name, subject, kept.place)

    def _wants(self, story: Story, kept: Kept) -> str | None:
        """Return what to note instead of a message's id; None where there is nothing to send.

        What cannot be edited is told the start and the end.
        """
        if self.can_edit:
            return ""
        stage = "end" if story.has_ended else "start" if story.status is JobStatus.RUNNING else None
        return None if stage == kept.sent.get(self.name) else stage

    async def _note(self, subject: str, story: Story, sent: Sent, mark: str) -> None:
        if self._failures:
            log.info("a destination answers again", to=self.name)
        self._failures = 0
        await self._store.note_sent(self.name, subject, mark or sent.message)
        self._edited_at[subject] = time.monotonic()
        if story.has_ended:
            del self._edited_at[subject]
        if sent.rest_seconds:
            await asyncio.sleep(sent.rest_seconds)

    def _give_up(self, what: str, **fields: str) -> None:
        log.error(what, to=self.name, **fields)

    async def _rest(self, later: TryLater) -> None:
        seconds = min(LONGEST_REST_SECONDS, FIRST_REST_SECONDS * 2**self._failures)
        seconds = later.seconds if later.seconds is not None else seconds
        if not self._failures:
            log.warning("a destination is tried again later", to=self.name, why=str(later), seconds=seconds)
        self._failures = min(self._failures + 1, 16)
        await asyncio.sleep(seconds)
