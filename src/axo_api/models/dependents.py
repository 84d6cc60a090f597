"""What depends on a thing that is to be deleted: live jobs, which always come first, and what only names it."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Text, cast, delete, func, or_, select, update

from axo_api.checkpoints.reasons import RemovedBecause
from axo_api.clock import now
from axo_api.errors import Conflict, first_of, needed_by
from axo_api.models import aliases
from axo_api.models.service import beside_result, get_result, live_jobs_using, lock_result
from axo_api.tables import checkpoints, jobs, model_aliases
from axo_contracts import storage_paths
from axo_contracts.lifecycle import TERMINAL


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
        *_named(connection, job_id),
        *(Dependent("job", one, "was trained on its result") for one in connection.execute(trained_on_it).scalars()),
    ]


def _waiting_for(connection: Connection, job_id: str) -> Sequence[str]:
    """Return the jobs that have not ended, and wait for a job in its chain or name it, as for what it has prepared."""
    behind = connection.execute(select(jobs.c.then).where(jobs.c.id == job_id)).scalar_one_or_none() or ()
    follows = jobs.c.id.in_(behind) & jobs.c.is_held
    names_it = or_(jobs.c.after == job_id, follows, cast(jobs.c.spec, Text).contains(job_id, autoescape=True))
    query = select(jobs.c.id).where(jobs.c.id != job_id, jobs.c.status.not_in(TERMINAL), names_it)
    return connection.execute(query.order_by(jobs.c.id)).scalars().all()


def _named(connection: Connection, job_id: str) -> Iterator[Dependent]:
    standing = {*_standing_for(connection, job_id)}
    for name in sorted({name for names in aliases.names_of(connection, job_id).values() for name in names}):
        yield Dependent("alias", name, "stands for it" if name in standing else "would, if its last move was undone")


def _standing_for(connection: Connection, job_id: str, *which: ColumnElement[bool]) -> Sequence[str]:
    """Return the aliases that stand for a job's result, or for a checkpoint of it, now; of them those of `which`."""
    of_job = model_aliases.c.job_id == job_id, model_aliases.c.id.in_(_newest())
    return connection.execute(select(model_aliases.c.name).where(*of_job, *which)).scalars().all()


def _newest() -> Select[tuple[str]]:
    return select(func.max(model_aliases.c.id)).group_by(model_aliases.c.owner, model_aliases.c.name)


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
    if live := [one.id for one in found if one.must_end]:
        raise Conflict(needed_by(what, live), errors=errors)
    if found and not force:
        named = first_of([one.id for one in found])
        sentence = f"{what} is not alone: {named} {found[0].why}. With ?force=true it is deleted all the same."
        raise Conflict(sentence, errors=errors)


def take_back_result(connection: Connection, name: str, *, owner: str | None, force: bool) -> PurePosixPath:
    """Forget the names of a result, give it and the checkpoints beside it to nobody, and return where all of it lies.

    By its own name the result is found until `forget_result`, so that a deletion that was cut short is asked for again.
    Raises `ModelNotFound` and `Conflict`.
    """
    row = get_result(connection, name, owner=owner)
    beside = beside_result(row)
    steps = connection.execute(select(checkpoints.c.step).where(beside).with_for_update()).scalars().all()
    lock_result(connection, row["id"])
    get_result(connection, name, owner=owner)  # not there any more, where another deletion was being finished
    refuse(repr(name), of_job(connection, row["id"]), force=force)
    connection.execute(update(jobs).where(jobs.c.id == row["id"]).values(result_going_at=now()))
    gone = {"removed_at": now(), "removed_because": RemovedBecause.MODEL}
    connection.execute(update(checkpoints).where(beside, checkpoints.c.removed_at.is_(None)).values(gone))
    forget_names(connection, row, or_(model_aliases.c.step.is_(None), model_aliases.c.step.in_(steps)))
    return storage_paths.attempt(row["id"], row["result_attempt"]) / storage_paths.OUTPUTS


def forget_names(connection: Connection, job: RowMapping, *which: ColumnElement[bool]) -> None:
    """Remove the names that stand for what a job has left; of them those of `which`, conditions on aliases."""
    names = _standing_for(connection, job["id"], *which)
    of_owner = model_aliases.c.owner == job["owner"], model_aliases.c.name.in_(names)
    connection.execute(delete(model_aliases).where(*of_owner))
