"""Takes frames from Redis into the journals, then brings the database up to them, then lets the worker forget them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import Connection, Row, select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from axo_api.clock import now
from axo_api.control.acknowledger import Acknowledger
from axo_api.control.applying import Recorded, apply_all
from axo_api.control.notices import Notice
from axo_api.control.records import Record, Records
from axo_api.dependencies import Parts
from axo_api.journals.reading import read
from axo_api.metrics.lines import is_kept
from axo_api.metrics.metric_log import MetricLog
from axo_api.tables import jobs
from axo_contracts import redis_names
from axo_contracts.frames import (
    AttemptEnded,
    AttemptStarted,
    Checkpoint,
    Log,
    Metric,
    Phase,
    RunFrame,
    Step,
    decode,
    decode_run_frame,
    encode,
)
from axo_contracts.lifecycle import ON_A_WORKER
from axo_contracts.standing import standing_from_json
from axo_contracts.storage_paths import journal as journal_path

log = logging.getLogger(__name__)
T = TypeVar("T")
Trouble = type[Exception] | tuple[type[Exception], ...]
_Measured = tuple[bytes, Metric]

ENTRIES_A_READ = 512
BLOCK_MILLISECONDS = 1000
RETRY_SECONDS = 0.5
CATCH_UP_BYTES = 4 * 1024 * 1024
APPLIED = (AttemptStarted, Phase, Step, Metric, Checkpoint, AttemptEnded)
NOT_TAKEN = (DataError, IntegrityError)  # the database answers, and will never take this


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
        gained: dict[str, Recorded] = {}
        for entry in entries:
            try:
                await self._take(entry, gained)
            except Exception:
                log.exception("an entry is left out, and not acknowledged: %.500r", entry)
        if gained:
            await self._apply(list(gained.values()))

    async def _take(self, entry: dict[bytes, bytes], gained: dict[str, Recorded]) -> None:
        """Journal what is new in an entry, and add to `gained` what of it the database must know."""
        job_id, attempt, first = entry[b"job"].decode(), int(entry[b"attempt"]), int(entry[b"first"])
        lines = entry[b"frames"].split(b"\n")
        record = await _until_done(partial(self._records.taking, job_id, attempt), (DBAPIError, OSError))
        if record is None:
            self._acknowledger.refuse(job_id, attempt, first + len(lines) - 1)
            return
        self._acknowledger.note(record)
        read = _read_new(record, first, lines)
        if not read:
            return
        measured = [(line, frame) for line, frame in read if isinstance(frame, Metric) and is_kept(frame)]
        if measured:  # opened before the journal has them: what it has by then is taken from there
            await _until_done(partial(self._records.open_metrics, record), OSError)
        await _until_done(partial(_append, record, read, measured), OSError)
        self._parts.instruments.frames.inc(len(read))
        self._parts.hub.wake(job_id)
        known = [frame for _, frame in read if isinstance(frame, APPLIED)]
        if known:
            before = gained[job_id].frames if job_id in gained else []
            gained[job_id] = _recorded(record, known, record.journal.end, before)
        if any(isinstance(frame, AttemptEnded) for frame in known):
            record.is_open = False

    async def _apply(self, gained: Sequence[Recorded]) -> None:
        try:
            await _until_done(lambda: self._parts.database.write(partial(apply_all, gained=gained)), DBAPIError)
        except Exception:
            parts = [replace(recorded, frames=[frame]) for recorded in gained for frame in recorded.frames]
            if len(parts) > 1:
                for part in parts:
                    await self._apply([part])
            else:
                log.exception("a frame stays in its journal only: %.500r", parts)
        self._parts.job_moved()
        self._parts.queue_changed()

    async def _catch_up(self) -> None:
        """Apply what journals had gained when the process that wrote them died."""
        for going in await _until_done(lambda: self._parts.database.read(_going), DBAPIError):
            record = self._records.begin(going.id, going.attempt, standing_from_json(going.standing))
            await _until_done(partial(self._records.open_metrics, record), OSError)
            frames, end = await asyncio.to_thread(self._frames_behind, going.id, going.journal_applied)
            if frames:
                await self._apply([_recorded(record, frames, end)])
            if any(isinstance(frame, AttemptEnded) and frame.attempt == going.attempt for frame in frames):
                record.is_open = False
            self._acknowledger.note(record)

    def _frames_behind(self, job_id: str, offset: int) -> tuple[list[RunFrame], int]:
        path = self._parts.settings.storage_root / journal_path(job_id)
        frames: list[RunFrame] = []
        while chunk := read(path, offset, CATCH_UP_BYTES):
            offset += len(chunk)
            frames.extend(frame for frame in map(decode, chunk.splitlines()) if isinstance(frame, APPLIED))
        return frames, offset


def _recorded(
    record: Record, frames: Sequence[RunFrame], end: int, before: Sequence[RunFrame | Notice] = ()
) -> Recorded:
    told = [part for frame in frames for part in (*record.teller.notices(frame), frame)]
    return Recorded(record.job_id, [*before, *told], end, record.teller.standing())


def _entries_of(streams: object) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """Return the entries of an XREAD of one stream, which RESP3 answers as a map and RESP2 as a list."""
    if not streams:
        return []
    answers = next(iter(streams.values())) if isinstance(streams, dict) else streams[0][1]  # type: ignore[index]
    if answers and isinstance(answers[0], list):
        answers = answers[0]
    return [(entry_id, fields) for entry_id, fields in answers]


def _read_new(record: Record, first: int, lines: Sequence[bytes]) -> list[tuple[bytes, RunFrame]]:
    """Return the lines that the journal does not have, each with its frame. None, when there is a gap before them."""
    next_seq = record.newest_seq + 1
    if first > next_seq:
        return []
    return [_read(line, record.attempt, seq) for seq, line in enumerate(lines[next_seq - first :], start=next_seq)]


def _read(line: bytes, attempt: int, seq: int) -> tuple[bytes, RunFrame]:
    """Return a line with its frame, or in its place a line that says so when it is no frame that is known here."""
    try:
        frame = decode_run_frame(line)
        if (frame.attempt, frame.seq) == (attempt, seq):
            return line, frame
    except ValueError:
        log.warning("frame %d of attempt %d cannot be read: %.200r", seq, attempt, line)
    text = f"A frame that this version of the service cannot read was left out: {line[:200]!r}"
    note = Log(attempt=attempt, seq=seq, time=now(), source="worker", text=text)
    return encode(note), note


async def _append(record: Record, read: Sequence[tuple[bytes, RunFrame]], measured: Sequence[_Measured]) -> None:
    """Add lines to a record's journal, unless it has them by now, and what they measured to its metrics."""
    async with record.turn:
        if record.is_closed:  # while the disk was full, the attempt may have been given up
            return
        if record.newest_seq < read[-1][1].seq:
            record.add([line for line, _ in read])
        if measured and record.metrics is not None:
            await asyncio.to_thread(_append_metrics, record.metrics, measured)


def _append_metrics(metrics: MetricLog, measured: Sequence[_Measured]) -> None:
    metrics.append(measured)
    metrics.seal_when_due()


def _going(connection: Connection) -> Sequence[Row[str, int, int, Any]]:
    query = select(jobs.c.id, jobs.c.attempt, jobs.c.journal_applied, jobs.c.standing).where(
        jobs.c.status.in_(ON_A_WORKER)
    )
    return connection.execute(query).all()


async def _until_done(step: Callable[[], Awaitable[T]], trouble: Trouble) -> T:
    """Take a step that must not be skipped, again and again while its disk or database is away."""
    while True:
        try:
            return await step()
        except NOT_TAKEN:
            raise
        except trouble as error:
            log.warning("the recorder waits: %s", error)
            await asyncio.sleep(RETRY_SECONDS)
