"""Brings the recorded events of jobs to the journals, and then lets the publisher tell the world."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from functools import partial

from redis.exceptions import RedisError
from sqlalchemy import Connection, RowMapping, false, select, update
from sqlalchemy.exc import DBAPIError

from axo_api.control.publisher import EVENTS_A_ROUND, IS_FIRST, publish_new
from axo_api.control.records import Record, Records
from axo_api.dependencies import Parts
from axo_api.journals.reading import tail
from axo_api.monitoring.tallies import count_events
from axo_api.tables import job_events
from axo_contracts.frames import End, Status, encode
from axo_contracts.lifecycle import ON_A_WORKER, TERMINAL, JobStatus
from axo_contracts.storage_paths import journal as journal_path

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
REST_SECONDS = 0.02
FRESH_A_ROUND = 100


async def run_outbox(parts: Parts, records: Records) -> None:
    """Bring events out for ever, woken when a job has moved and by a clock, which is enough for a job just queued."""
    woken = parts.job_moved.listen()
    while True:
        try:
            await _journal_new(parts, records)
            await publish_new(parts)
        except (DBAPIError, OSError, RedisError) as error:
            log.warning("the outbox waits: %s", error)
        await asyncio.sleep(REST_SECONDS)
        await woken.wait(LOOK_SECONDS)


async def _journal_new(parts: Parts, records: Records) -> None:
    while events := await parts.database.read(_due) or await parts.database.read(_fresh):
        for event in events:
            record = records.open(event["job_id"])
            _journal(record, event, parts)
            parts.hub.wake(record.job_id)
            if event["status"] not in ON_A_WORKER:
                await records.close(record.job_id, sync=event["attempt"] > 0)
            await asyncio.sleep(0)  # each may make a file; others get their turn in between
        await parts.database.write(partial(_mark_journaled, ids=[event["id"] for event in events]))
        if len(events) < EVENTS_A_ROUND:
            return


def _journal(record: Record, event: RowMapping, parts: Parts) -> None:
    """Append an event's lines, unless a process had done so, and died before the database knew of it."""
    lines = [encode(frame) + b"\n" for frame in _frames(event)]
    if record.newest_event >= event["id"]:
        path = parts.settings.storage_root / journal_path(record.job_id)
        lines = [] if tail(path, 1, "end") else lines[1:]
    record.journal.append(b"".join(lines))
    record.newest_event = max(record.newest_event, event["id"])


def _frames(event: RowMapping) -> Iterable[Status | End]:
    told = {
        "event": event["id"],
        "time": event["time"],
        "status": JobStatus(event["status"]),
        "reason": event["reason"],
        "message": event["message"],
    }
    yield Status(**told, attempt=event["attempt"])
    if event["status"] in TERMINAL:
        yield End(**told)


def _due(connection: Connection) -> Sequence[RowMapping]:
    """Return the events that are not in their journals yet, of the jobs that have done more than to be queued."""
    moved = select(job_events.c.job_id).where(job_events.c.journaled == false(), ~IS_FIRST)
    query = select(job_events).where(job_events.c.journaled == false(), job_events.c.job_id.in_(moved))
    return connection.execute(query.order_by(job_events.c.id).limit(EVENTS_A_ROUND)).mappings().all()


def _fresh(connection: Connection) -> Sequence[RowMapping]:
    """Return a few of those of jobs that were just queued: each makes a file, and a burst of submits must not wait."""
    query = select(job_events).where(job_events.c.journaled == false(), IS_FIRST)
    return connection.execute(query.order_by(job_events.c.id).limit(FRESH_A_ROUND)).mappings().all()


def _mark_journaled(connection: Connection, *, ids: Sequence[int]) -> None:
    connection.execute(update(job_events).where(job_events.c.id.in_(ids)).values(journaled=True))
    count_events(connection, ids)
