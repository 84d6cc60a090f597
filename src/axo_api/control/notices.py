"""What is to be told of a job or a worker beside a job's moves. It waits in the database until it is published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, literal, select

from axo_api.tables import job_events, jobs, notices


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell: an event of `type`, of which `body` says what only this type has."""

    type: str
    time: datetime
    body: Mapping[str, Any]


def add_notice(connection: Connection, job_id: str | None, notice: Notice) -> None:
    """Have a notice of a job, or with None of a worker, published behind all events that there are of it."""
    newest = select(func.coalesce(func.max(job_events.c.id), 0))
    if job_id is not None:
        newest = newest.where(job_events.c.job_id == job_id)
    row = {"job_id": job_id, "time": notice.time, "type": notice.type, "body": notice.body}
    connection.execute(insert(notices).values(behind_event=newest.scalar_subquery(), **row))


def waiting_notices(connection: Connection, *, limit: int, up_to_event: int | None) -> Sequence[RowMapping]:
    """Return notices in their order, each with its job's row, but none before its job's own earlier moves.

    None that is behind a later event than `up_to_event` either, where that is given.
    """
    unjournaled = select(literal(1)).where(
        job_events.c.job_id == notices.c.job_id,
        job_events.c.id <= notices.c.behind_event,
        job_events.c.published.is_(False),
        job_events.c.journaled.is_(False),
    )
    query = (
        select(notices, jobs.c.owner, jobs.c.name, jobs.c.spec)
        .outerjoin(jobs, jobs.c.id == notices.c.job_id)
        .where(~unjournaled.exists())
        .order_by(notices.c.behind_event, notices.c.id)
        .limit(limit)
    )
    if up_to_event is not None:
        query = query.where(notices.c.behind_event < up_to_event)
    return connection.execute(query).mappings().all()


def forget_notices(connection: Connection, ids: Sequence[int]) -> None:
    """Forget notices that were published."""
    connection.execute(delete(notices).where(notices.c.id.in_(ids)))
