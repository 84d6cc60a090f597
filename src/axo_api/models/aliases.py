"""Names of one's own for what was trained. The newest row of a name says what it stands for; moving it adds a row.

Each function is one read, or part of one transaction.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, Select, delete, exists, func, insert, literal, or_, select

from axo_api.clock import now
from axo_api.errors import Invalid, JustMoved
from axo_api.openai.names import Trained, parse
from axo_api.owners import owned
from axo_api.tables import checkpoints, jobs, model_aliases
from axo_contracts.ids import ALIAS, new_id
from axo_contracts.jobs import MODEL_KINDS

_NAME = re.compile(r"ft:[^\x00-\x1f\x7f]{1,509}(?<!/history)(?<!/undo)")


class Move(NamedTuple):
    """A move of a name: to what a job trained, or to its checkpoint of a step; `undo_to` as in its table."""

    job_id: str
    step: int | None
    moved_by: str
    undo_to: str | None
    is_undo: bool = False
    gate: dict[str, Any] | None = None


def check(name: str) -> None:
    """Raise `Invalid` for a name that cannot be one."""
    if _NAME.fullmatch(name) is None or parse(name) is not None:
        raise Invalid(
            f"{name[:200]!r} can stand for nothing else; choose a name that begins with ft:, is not that of a model "
            "that was trained here, and does not end with /history or /undo.",
            param="model",
        )


def add(connection: Connection, name: str, move: Move, *, owner: str, expected: str | None) -> RowMapping:
    """Have `name` move, and return its new row.

    Raises `JustMoved` unless the row `expected` (None: none) is still what it stands for.
    """
    connection.execute(_alike(name, owner).with_for_update())  # of two moves at once, the second sees the first
    before = current(connection, name, owner=owner)
    if (before["id"] if before else None) != expected:
        raise JustMoved(f"{name!r} was moved at this very moment; look what it stands for, and ask again.")
    row = {"id": new_id(ALIAS), "owner": owner, "name": name, "created_at": now(), **move._asdict()}
    connection.execute(insert(model_aliases).values(row))
    added = current(connection, name, owner=owner)
    assert added is not None
    return added


def current(connection: Connection, name: str, *, owner: str | None, prefer: str | None = None) -> RowMapping | None:
    """Return the newest row of a name; of several owners' names alike, that of the one to `prefer`."""
    order = (model_aliases.c.owner == (prefer or owner)).desc(), model_aliases.c.id.desc()
    return connection.execute(_alike(name, owner).order_by(*order).limit(1)).mappings().one_or_none()


def get_row(connection: Connection, row_id: str) -> RowMapping | None:
    """Return one row; None where its job was deleted since."""
    return connection.execute(select(model_aliases).where(model_aliases.c.id == row_id)).mappings().one_or_none()


def target(connection: Connection, name: str, *, owner: str | None, prefer: str | None = None) -> Trained | None:
    """Return what `name` stands for; of several owners' names alike, that of the one to `prefer`."""
    row = current(connection, name, owner=owner, prefer=prefer)
    return None if row is None else Trained(row["job_id"], row["step"])


def history(connection: Connection, name: str, *, owner: str, after: str | None, limit: int) -> Sequence[RowMapping]:
    """Return up to `limit` + 1 moves of an owner's name, newest first, older than the move `after`."""
    query = _alike(name, owner).order_by(model_aliases.c.id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(model_aliases.c.id < after)
    return connection.execute(query).mappings().all()


def names_of(connection: Connection, job_id: str) -> dict[int | None, list[str]]:
    """Return the names that stand for what a job has left, or would if their last move was undone.

    By the step of a checkpoint; None: the result.
    """
    to_job = model_aliases.c.job_id == job_id
    pointed = select(model_aliases.c.owner, model_aliases.c.name).where(to_job).distinct()
    found: dict[int | None, list[str]] = {}
    for owner, name in connection.execute(pointed.order_by(model_aliases.c.name)).all():
        newest = current(connection, name, owner=owner)
        before = get_row(connection, newest["undo_to"]) if newest and newest["undo_to"] else None
        for step in {row["step"] for row in (newest, before) if row and row["job_id"] == job_id}:
            found.setdefault(step, []).append(name)
    return found


def remove(connection: Connection, name: str, *, owner: str | None, prefer: str) -> bool:
    """Have `name` stand for nothing, as `target` finds it; return whether it stood for something."""
    newest = current(connection, name, owner=owner, prefer=prefer)
    if newest is None:
        return False
    alike = model_aliases.c.owner == newest["owner"], model_aliases.c.name == name
    connection.execute(delete(model_aliases).where(*alike))
    return True


def find(connection: Connection, *, owner: str, limit: int) -> Sequence[tuple[str, int | None, RowMapping]]:
    """Return up to `limit` of an owner's aliases that stand for something which is there, each with step and job."""
    newest = select(func.max(model_aliases.c.id)).where(model_aliases.c.owner == owner).group_by(model_aliases.c.name)
    of_step = (checkpoints.c.job_id == jobs.c.id) & (checkpoints.c.step == model_aliases.c.step)
    is_kept = exists(select(literal(1)).where(of_step, checkpoints.c.removed_at.is_(None)))
    is_result = model_aliases.c.step.is_(None) & jobs.c.result_attempt.is_not(None)
    query = (
        select(model_aliases.c.name.label("alias"), model_aliases.c.step.label("alias_step"), jobs)
        .join(jobs, jobs.c.id == model_aliases.c.job_id)
        .where(model_aliases.c.id.in_(newest), or_(is_result, is_kept), jobs.c.kind.in_(MODEL_KINDS))
        .order_by(model_aliases.c.id.desc())
        .limit(limit)
    )
    return [(row["alias"], row["alias_step"], row) for row in connection.execute(query).mappings()]


def _alike(name: str, owner: str | None) -> Select[Any]:
    return select(model_aliases).where(model_aliases.c.name == name, owned(model_aliases, owner))
