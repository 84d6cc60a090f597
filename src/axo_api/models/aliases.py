"""Names of one's own for what was trained. The newest row of a name says what it stands for; moving it adds a row.

Each function is one read, or part of one transaction.
"""

import re
from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, delete, func, insert, select

from axo_api.clock import now
from axo_api.errors import Invalid
from axo_api.jobs.finding import get
from axo_api.openai.names import Trained, parse
from axo_api.owners import owned
from axo_api.tables import jobs, model_aliases
from axo_contracts.ids import ALIAS, new_id
from axo_contracts.jobs import MODEL_KINDS

_NAME = re.compile(r"ft:[^\x00-\x1f\x7f]{1,509}")


def point(connection: Connection, name: str, *, job_id: str, step: int | None, owner: str | None) -> RowMapping:
    """Have `name` stand for what a job trains, or for its checkpoint of a step, and return the alias.

    The alias is its job's owner's. Raises `NotFound` for the job, and `Invalid` for a name that cannot be one.
    """
    job = get(connection, job_id, owner=owner)
    if _NAME.fullmatch(name) is None or parse(name) is not None:
        raise Invalid(
            f"{name[:200]!r} can stand for nothing else; choose a name that begins with ft: and is not that of a model "
            "that was trained here.",
            param="model",
        )
    newest = _newest(connection, name, owner=job["owner"])
    if newest is not None and (newest["job_id"], newest["step"]) == (job_id, step):
        return newest
    row = {"owner": job["owner"], "name": name, "job_id": job_id, "step": step, "created_at": now()}
    connection.execute(insert(model_aliases).values(id=new_id(ALIAS), **row))
    newest = _newest(connection, name, owner=job["owner"])
    assert newest is not None
    return newest


def target(connection: Connection, name: str, *, owner: str | None, prefer: str | None = None) -> Trained | None:
    """Return what `name` stands for; of several owners' names alike, that of the one to `prefer`."""
    row = _newest(connection, name, owner=owner, prefer=prefer)
    return None if row is None else Trained(row["job_id"], row["step"])


def remove(connection: Connection, name: str, *, owner: str | None, prefer: str) -> bool:
    """Have `name` stand for nothing, as `target` finds it; return whether it stood for something."""
    newest = _newest(connection, name, owner=owner, prefer=prefer)
    if newest is None:
        return False
    alike = model_aliases.c.owner == newest["owner"], model_aliases.c.name == name
    connection.execute(delete(model_aliases).where(*alike))
    return True


def find(connection: Connection, *, owner: str, limit: int) -> Sequence[tuple[str, RowMapping]]:
    """Return up to `limit` of an owner's aliases that stand for a model which is there, each with its job."""
    newest = select(func.max(model_aliases.c.id)).where(model_aliases.c.owner == owner).group_by(model_aliases.c.name)
    query = (
        select(model_aliases.c.name.label("alias"), jobs)
        .join(jobs, jobs.c.id == model_aliases.c.job_id)
        .where(model_aliases.c.id.in_(newest), model_aliases.c.step.is_(None))
        .where(jobs.c.result_attempt.is_not(None), jobs.c.kind.in_(MODEL_KINDS))
        .order_by(model_aliases.c.id.desc())
        .limit(limit)
    )
    return [(row["alias"], row) for row in connection.execute(query).mappings()]


def _newest(connection: Connection, name: str, *, owner: str | None, prefer: str | None = None) -> RowMapping | None:
    alike = select(model_aliases).where(model_aliases.c.name == name, owned(model_aliases, owner))
    order = (model_aliases.c.owner == (prefer or owner)).desc(), model_aliases.c.id.desc()
    return connection.execute(alike.order_by(*order).limit(1)).mappings().one_or_none()
