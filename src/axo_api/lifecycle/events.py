"""Recorded events as followers get them, and which of them one wants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, RowMapping, func, select

from axo_api.jobs.public_event import MOVES, event_of_move
from axo_api.tables import job_events, jobs
from axo_contracts.frames import encode
from axo_contracts.lifecycle import JobStatus


@dataclass(frozen=True, slots=True)
class Event:
    """A recorded move, encoded once for all that follow."""

    id: int
    owner: str
    type: str
    status: JobStatus
    metadata: Mapping[str, str]
    data: bytes  # as a server-sent event


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a follower wants to see. None: whatever the owner, the type, the status."""

    owner: str | None
    types: frozenset[str] | None = None
    statuses: frozenset[JobStatus] | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def accepts(self, event: Event) -> bool:
        """Return whether the follower wants to see an event."""
        return (
            self.owner in {None, event.owner}
            and (self.types is None or event.type in self.types)
            and (self.statuses is None or event.status in self.statuses)
            and self.metadata.items() <= event.metadata.items()
        )


def newest(connection: Connection) -> int:
    """Return the number of the newest event; 0 when there is none."""
    found: int = connection.execute(select(func.coalesce(func.max(job_events.c.id), 0))).scalar_one()
    return found


def find_behind(
    connection: Connection, after: int, *, limit: int, until: int | None = None, owner: str | None = None
) -> list[Event]:
    """Return up to `limit` events behind the event `after`, by their numbers, none of them behind `until`."""
    query = MOVES.add_columns(jobs.c.spec["metadata"].label("metadata")).where(job_events.c.id > after)
    if until is not None:
        query = query.where(job_events.c.id <= until)
    if owner is not None:
        query = query.where(jobs.c.owner == owner)
    rows: Sequence[RowMapping] = connection.execute(query.order_by(job_events.c.id).limit(limit)).mappings().all()
    return [_event(row) for row in rows]


def _event(row: RowMapping) -> Event:
    number: int = row["id"]
    told = event_of_move(row, str(number))
    data = b"id: %d\nevent: %b\ndata: %b\n\n" % (number, told.type.encode(), encode(told))
    return Event(number, told.owner, told.type, told.status, row["metadata"] or {}, data)
