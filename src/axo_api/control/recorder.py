"""Takes frames from Redis into the journals, then brings the database up to them, then lets the worker forget them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import Connection, Row, select
from sqlalchemy.exc import DBAPIError

from axo_api.control.acknowledger import Acknowledger
from axo_api.control.applying import Recorded, apply_all
from axo_api.control.records import Record, Records
from axo_api.dependencies import Parts
from axo_api.journals.reading import read
from axo_api.tables import jobs
from axo_contracts import redis_names
from axo_contracts.frames import AttemptEnded, RunFrame, decode_run_frame, type_of
from axo_contracts.lifecycle import ON_A_WORKER
from axo_contracts.storage_paths import journal as journal_path

log = logging.getLogger(__name__)
T = TypeVar("T")
Trouble = type[Exception] | tuple[type[Exception], ...]

ENTRIES_A_READ = 512
BLOCK_MILLISECONDS = 1000
RETRY_SECONDS = 0.5
CATCH_UP_BYTES = 4 * 1024 * 1024
APPLIED = frozenset({"attempt_started", "metric", "checkpoint", "attempt_ended"})


class Recorder:
    """The only writer of journals' run frames.

    It reads the stream from its start each time and deletes what it has taken, so that it depends on no position: a
    flushed or restored Redis, or a crash between two steps, costs nothing but a second sending.
    """

    def __init__(self, parts: Parts, reading: Redis, records: Records, acknowledger: Acknowledger) -> None:
        self._parts = parts
        self._reading = reading
        self._records = records
        self._acknowledger = acknowledger

    async def run(self) -> None:
        """Record for ever."""
        await self._catch_up()
        while True:
            try:
                streams = await self._reading.xread(
                    {redis_names.FRAMES: "0-0"}, count=ENTRIES_A_READ, block=BLOCK_MILLISECONDS
                )
                entries = _entries_of(streams)
                if entries:
                    await self._record([fields for _, fields in entries])
                    await self._parts.redis.xdel(redis_names.FRAMES, *(entry_id for entry_id, _ in entries))
            except RedisError as error:
                log.warning("the recorder waits for Redis: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _record(self, entries: Sequence[dict[bytes, bytes]]) -> None:
        gained: dict[str, tuple[Record, list[RunFrame]]] = {}
        for entry in entries:
            job_id, attempt = entry[b"job"].decode(), int(entry[b"attempt"])
            record = await _until_done(partial(self._records.taking, job_id, attempt), (DBAPIError, OSError))
            if record is None:
                self._acknowledger.refuse(job_id, attempt, int(entry[b"first"]) + entry[b"frames"].count(b"\n"))
                continue
            frames = await self._take(record, entry)
            if frames:
                gained.setdefault(job_id, (record, []))[1].extend(frames)
        if gained:
            await self._apply([Recorded(job_id, new, record.journal.end) for job_id, (record, new) in gained.items()])

    async def _take(self, record: Record, entry: dict[bytes, bytes]) -> list[RunFrame]:
        """Journal what is new in an entry, and return the frames of it that the database must know."""
        self._acknowledger.note(record)
        lines = _new_lines(record, entry)
        if not lines:
            return []
        await _until_done(partial(_append, record, lines), OSError)
        self._parts.hub.wake(record.job_id)
        frames = [decode_run_frame(line) for line in lines if type_of(line) in APPLIED]
        if any(isinstance(frame, AttemptEnded) for frame in frames):
            record.is_open = False
        return frames

    async def _apply(self, gained: Sequence[Recorded]) -> None:
        await _until_done(lambda: self._parts.database.write(partial(apply_all, gained=gained)), DBAPIError)
        self._parts.job_moved()
        self._parts.queue_changed()

    async def _catch_up(self) -> None:
        """Apply what journals had gained when the process that wrote them died."""
        for going in await _until_done(lambda: self._parts.database.read(_going), DBAPIError):
            record = self._records.open(going.id)
            record.begin(going.attempt, is_open=True)
            frames, end = await asyncio.to_thread(self._frames_behind, going.id, going.journal_applied)
            if frames:
                await self._apply([Recorded(going.id, frames, end)])
            if any(isinstance(frame, AttemptEnded) and frame.attempt == going.attempt for frame in frames):
                record.is_open = False
            self._acknowledger.note(record)

    def _frames_behind(self, job_id: str, offset: int) -> tuple[list[RunFrame], int]:
        path = self._parts.settings.storage_root / journal_path(job_id)
        frames: list[RunFrame] = []
        while chunk := read(path, offset, CATCH_UP_BYTES):
            offset += len(chunk)
            frames.extend(decode_run_frame(line) for line in chunk.splitlines() if type_of(line) in APPLIED)
        return frames, offset


def _entries_of(streams: object) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """Return the entries of an XREAD of one stream, which RESP3 answers as a map and RESP2 as a list."""
    if not streams:
        return []
    answers = next(iter(streams.values())) if isinstance(streams, dict) else streams[0][1]  # type: ignore[index]
    if answers and isinstance(answers[0], list):
        answers = answers[0]
    return [(entry_id, fields) for entry_id, fields in answers]


def _new_lines(record: Record, entry: dict[bytes, bytes]) -> list[bytes]:
    """Return the lines of an entry that the journal does not have. None of them, when there is a gap before them."""
    first = int(entry[b"first"])
    if first > record.newest_seq + 1:
        return []
    return entry[b"frames"].split(b"\n")[record.newest_seq + 1 - first :]


async def _append(record: Record, lines: Sequence[bytes]) -> None:
    record.add(lines)


def _going(connection: Connection) -> Sequence[Row[str, int, int]]:
    query = select(jobs.c.id, jobs.c.attempt, jobs.c.journal_applied).where(jobs.c.status.in_(ON_A_WORKER))
    return connection.execute(query).all()


async def _until_done(step: Callable[[], Awaitable[T]], trouble: Trouble) -> T:
    """Take a step that must not be skipped, again and again while its disk or database is away."""
    while True:
        try:
            return await step()
        except trouble as error:
            log.warning("the recorder waits: %s", error)
            await asyncio.sleep(RETRY_SECONDS)
