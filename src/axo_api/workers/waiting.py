"""The jobs that wait, as one owner may see them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, func, select

from axo_api.jobs.in_queue import IN_QUEUE
from axo_api.owners import owned
from axo_api.tables import jobs

MOST_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """The first of an owner's queued jobs, each row with its `position` among everybody's, and how many others wait."""

    rows: Sequence[RowMapping]
    others: int


def waiting(connection: Connection, *, owner: str | None) -> Waiting:
    """Return what waits of an owner (None: of everybody), next first."""
    position = func.row_number().over(order_by=(jobs.c.priority.desc(), jobs.c.id)).label("position")
    queued = select(jobs.c.id, position).where(IN_QUEUE).subquery()
    query = (
        select(jobs, queued.c.position)
        .join(queued, queued.c.id == jobs.c.id)
        .where(owned(jobs, owner))
        .order_by(queued.c.position)
        .limit(MOST_SHOWN)
    )
    return Waiting(connection.execute(query).mappings().all(), _count_of_others(connection, owner))


def position_of(connection: Connection, job: RowMapping) -> int:
    """Return a queued job's place among everybody's; 1 is next."""
    before = (jobs.c.priority > job["priority"]) | ((jobs.c.priority == job["priority"]) & (jobs.c.id < job["id"]))
    query = select(func.count()).where(IN_QUEUE, before)
    return int(connection.execute(query).scalar_one()) + 1


def _count_of_others(connection: Connection, owner: str | None) -> int:
    if owner is None:
        return 0
    query = select(func.count()).where(IN_QUEUE, jobs.c.owner != owner)
    return int(connection.execute(query).scalar_one())
