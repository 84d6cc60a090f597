"""A job's events as OpenAI's clients list them, newest first: its moves, metrics and checkpoints in one list."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, RowMapping, Table, case, literal, select, tuple_

from axo_api.errors import Invalid
from axo_api.jobs import service as jobs_service
from axo_api.metrics.job_metrics import JobMetrics
from axo_api.metrics.lines import STEPS_END
from axo_api.openai.jobs.measures import OPENAI_NAMES, measured
from axo_api.openai.jobs.schemas import FineTuningJobEvent
from axo_api.tables import checkpoints, job_events
from axo_contracts.frames import Metric
from axo_contracts.lifecycle import JobStatus

_ID = re.compile("ftevent" + r"-(\d{1,18})" * 5)

_MESSAGES: dict[JobStatus, str] = {
    JobStatus.VALIDATING_FILES: "The job's files are being read",
    JobStatus.QUEUED: "The job waits for a worker",
    JobStatus.STARTING: "The job was given to a worker",
    JobStatus.RUNNING: "Fine-tuning job started",
    JobStatus.PAUSING: "The job was asked to pause",
    JobStatus.PAUSED: "The job is paused",
    JobStatus.CANCELLING: "The job was asked to cancel",
    JobStatus.SUCCEEDED: "The job has successfully completed",
    JobStatus.FAILED: "The job failed",
    JobStatus.CANCELLED: "The job was cancelled",
}


class _Place(NamedTuple):
    """Where an event stands in the list. It follows from what happened, not from the clocks of several machines."""

    attempt: int
    phase: int  # the attempt was given to a worker, has started, goes on, has ended
    step: int
    source: int
    number: int

    @property
    def event_id(self) -> str:
        return "-".join(("ftevent", *map(str, self)))


class _Source(NamedTuple):
    table: Table
    time: Column[Any]
    place: tuple[ColumnElement[Any], ...]
    shown: Callable[[RowMapping, _Place, int], FineTuningJobEvent]


class Told(NamedTuple):
    """What the database knows of a page of at most so many events, older than a place; each with its own place."""

    job_id: str
    behind: _Place | None
    most: int
    events: Sequence[tuple[_Place, FineTuningJobEvent]]


def find(connection: Connection, job_id: str, *, owner: str | None, after: str | None, limit: int) -> Told:
    """Return what may be among the newest `limit` + 1 events older than `after`. Raises `NotFound`, `Invalid`."""
    jobs_service.get(connection, job_id, owner=owner)
    behind = None if after is None else _place_of(after)
    events = chain.from_iterable(_events(connection, source, job_id, behind, limit + 1) for source in _SOURCES)
    return Told(job_id, behind, limit + 1, [*events])


def with_metrics(storage_root: Path, told: Told) -> list[FineTuningJobEvent]:
    """Return a page of events, newest first, metrics among them; reads files. Raises `OSError`."""
    found = chain(told.events, _measured(storage_root, told.job_id, told.behind or _NEWEST, told.most))
    newest = sorted(found, key=lambda one: one[0], reverse=True)[: told.most]
    return [event for _, event in newest]


def _events(
    connection: Connection, source: _Source, job_id: str, behind: _Place | None, limit: int
) -> Iterator[tuple[_Place, FineTuningJobEvent]]:
    columns = [column.label(f"place_{name}") for name, column in zip(_Place._fields, source.place, strict=True)]
    query = select(source.table, *columns).where(source.table.c.job_id == job_id).limit(limit)
    if behind is not None:
        query = query.where(tuple_(*source.place) < tuple_(*map(literal, behind)))
    for row in connection.execute(query.order_by(*(column.desc() for column in source.place))).mappings():
        place = _Place(*(row[column.name] for column in columns))
        yield place, source.shown(row, place, int(row[source.time.name].timestamp()))


def _measured(
    storage_root: Path, job_id: str, behind: _Place, limit: int
) -> Iterator[tuple[_Place, FineTuningJobEvent]]:
    frames = JobMetrics.of(storage_root, job_id).newest_first(*_last_step(behind))
    placed = ((_place(frame), frame) for frame in frames)
    for place, frame in islice(((place, frame) for place, frame in placed if place < behind), limit):
        yield place, _metric(frame, place)


def _last_step(behind: _Place) -> tuple[int, int]:
    """Return the attempt and the step that a metric before a place can have at most."""
    match behind.phase:
        case 0 | 1:
            return behind.attempt - 1, STEPS_END
        case 2:
            return behind.attempt, behind.step
        case _:
            return behind.attempt, STEPS_END


def _place(frame: Metric) -> _Place:
    return _Place(frame.attempt, _GOING_ON, frame.step, 0, frame.seq)


def _place_of(event_id: str) -> _Place:
    found = _ID.fullmatch(event_id)
    if found is None:
        raise Invalid(f"after: {event_id!r} is no event's id; leave it out to begin with the newest.", param="after")
    return _Place(*map(int, found.groups()))


def _move(row: RowMapping, place: _Place, at: int) -> FineTuningJobEvent:
    status = JobStatus(row["status"])
    message = f"{_MESSAGES[status]}: {row['message']}" if row["message"] else _MESSAGES[status]
    data = {"status": status, "attempt": row["attempt"], "reason": row["reason"]}
    level = "error" if status is JobStatus.FAILED else "info"
    if level == "info" and row["reason"] is not None and status is JobStatus.QUEUED:
        level = "warn"  # it goes on after a loss
    return _event(place, at, level=level, message=message, type="message", data=data)


def _metric(frame: Metric, place: _Place) -> FineTuningJobEvent:
    data = {"step": frame.step, "total_steps": frame.max_steps, **measured(frame.values)}
    others = {name: value for name, value in frame.values.items() if name not in OPENAI_NAMES}
    told = ", ".join(f"{name}={value:.4g}" for name, value in data.items() if isinstance(value, float))
    message = f"Step {frame.step}/{frame.max_steps}: {told or 'measured'}"
    at = int(frame.time.timestamp())
    return _event(place, at, level="info", message=message, type="metrics", data=data | others)


def _checkpoint(row: RowMapping, place: _Place, at: int) -> FineTuningJobEvent:
    data = {"step": row["step"], "checkpoint": row["id"]}
    return _event(
        place, at, level="info", message=f"Checkpoint created at step {row['step']}", type="message", data=data
    )


def _event(place: _Place, at: int, **fields: Any) -> FineTuningJobEvent:
    return FineTuningJobEvent(id=place.event_id, created_at=at, **fields)


_NEWEST = _Place(2**31, 0, 0, 0, 0)
_PHASES = {JobStatus.STARTING: 0, JobStatus.RUNNING: 1}
_GOING_ON, _ENDED = 2, 3
_SOURCES = (
    _Source(
        checkpoints,
        checkpoints.c.created_at,
        (checkpoints.c.attempt, literal(_GOING_ON), checkpoints.c.step, literal(1), literal(0)),
        _checkpoint,
    ),
    _Source(
        job_events,
        job_events.c.time,
        (
            job_events.c.attempt,
            case(_PHASES, value=job_events.c.status, else_=_ENDED),
            literal(0),
            literal(2),
            job_events.c.id,
        ),
        _move,
    ),
)
