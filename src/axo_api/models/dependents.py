"""What depends on a thing that is to be deleted: live jobs, which always come first, and what only names it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Text, cast, func, or_, select

from axo_api.errors import Conflict
from axo_api.models.service import get_trained, live_jobs_using, result_to_remove
from axo_api.tables import jobs, model_aliases
from axo_contracts import storage_paths
from axo_contracts.lifecycle import TERMINAL

MOST_NAMED = 3  # in a sentence; the answer's `errors` have all


class Dependent(NamedTuple):
    """Something that needs a thing. One that `must_end` keeps it from being deleted until then."""

    type: Literal["job", "alias"]
    id: str
    why: str
    must_end: bool = False


def of_job(connection: Connection, job_id: str) -> list[Dependent]:
    """Return what needs what a job has left, on disk or by name."""
    folder = storage_paths.job(job_id)
    live = [*dict.fromkeys([*live_jobs_using(connection, folder), *_waiting_for(connection, job_id)])]
    trained_on_it = select(jobs.c.id).where(
        jobs.c.kind == "train",
        jobs.c.result_attempt.is_not(None),
        jobs.c.id.not_in(live),
        cast(jobs.c.models, Text).contains(f"{folder}/", autoescape=True),
    )
    return [
        *(Dependent("job", one, "has not ended, and reads its files", must_end=True) for one in live),
        *(Dependent("alias", name, "stands for it") for name in aliases_of(connection, job_id)),
        *(Dependent("job", one, "was trained on its result") for one in connection.execute(trained_on_it).scalars()),
    ]


def _waiting_for(connection: Connection, job_id: str) -> Sequence[str]:
    """Return the jobs that have not ended, and follow a job in its chain or name it, as for what it has prepared."""
    names_it = or_(jobs.c.after == job_id, cast(jobs.c.spec, Text).contains(job_id, autoescape=True))
    query = select(jobs.c.id).where(jobs.c.id != job_id, jobs.c.status.not_in(TERMINAL), names_it)
    return connection.execute(query.order_by(jobs.c.id)).scalars().all()


def aliases_of(connection: Connection, job_id: str) -> list[str]:
    """Return the aliases that stand for a job's result, or for a checkpoint of it, now."""
    newest = select(func.max(model_aliases.c.id)).group_by(model_aliases.c.owner, model_aliases.c.name)
    query = select(model_aliases.c.name).where(model_aliases.c.job_id == job_id, model_aliases.c.id.in_(newest))
    return [*connection.execute(query.order_by(model_aliases.c.name)).scalars()]


def of_file(connection: Connection, file_id: str, *, owner: str) -> list[Dependent]:
    """Return the owner's jobs that name a file, newest first."""
    named = jobs.c.owner == owner, cast(jobs.c.spec, Text).contains(file_id, autoescape=True)
    rows = connection.execute(select(jobs.c.id, jobs.c.status).where(*named).order_by(jobs.c.id.desc()))
    return [
        Dependent("job", row.id, "needs it to be retried")
        if row.status in TERMINAL
        else Dependent("job", row.id, "has not ended, and reads it", must_end=True)
        for row in rows
    ]


def refuse(what: str, found: Sequence[Dependent], *, force: bool) -> None:
    """Raise `Conflict` for what depends on a thing that is to be deleted; `force`: only for what has to end first."""
    errors = [one._asdict() for one in found]
    if live := [one for one in found if one.must_end]:
        raise Conflict(f"{what} is needed by {_named(live)}; delete it when that has ended.", errors=errors)
    if found and not force:
        sentence = f"{what} is not alone: {_named(found)} {found[0].why}. With ?force=true it is deleted all the same."
        raise Conflict(sentence, errors=errors)


def removable_result(connection: Connection, name: str, *, owner: str | None, force: bool) -> Path:
    """Return where the result of a model lies that may be removed. Raises `ModelNotFound` and `Conflict`."""
    outputs = result_to_remove(connection, name, owner=owner)
    row: dict[str, Any] = dict(get_trained(connection, name, owner=owner))
    refuse(repr(name), of_job(connection, row["id"]), force=force)
    return outputs


def _named(found: Sequence[Dependent]) -> str:
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return ", ".join(one.id for one in found[:MOST_NAMED]) + more
