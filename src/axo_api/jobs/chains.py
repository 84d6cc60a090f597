"""Chains: jobs that are held until the one before them has succeeded, and then take what that has left."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from sqlalchemy import Connection, RowMapping, select

from axo_api.errors import ApiError, Conflict, inside
from axo_api.jobs.data import settle_data
from axo_api.jobs.finding import get
from axo_api.jobs.models import Form, form_left_by, handed_on, refuse_for_chain, settle_models
from axo_api.jobs.moves import move, release
from axo_api.tables import jobs
from axo_contracts.jobs import MODEL_KINDS, JobSpec, spec_from_json
from axo_contracts.lifecycle import TERMINAL, EndReason, JobStatus
from axo_contracts.tasks.rows_task import RowsTask

if TYPE_CHECKING:
    from axo_api.jobs.service import Submission


def link_rows(first: dict[str, Any], following: Sequence[dict[str, Any]]) -> None:
    """Write into new rows that those `following` are held, each until the one before it has succeeded."""
    chain = [first, *following]
    for before, row in zip(chain, following, strict=False):
        row |= {"after": before["id"], "is_held": True}
    for place, row in enumerate(chain, start=1):
        row["then"] = [later["id"] for later in chain[place:]] or None


def check_chain(connection: Connection, submission: "Submission") -> None:
    """Settle what can be known now of a chain's jobs. Raises as `submit_all` does, with the place in the body."""
    if not submission.links:
        return
    left = _form_left(connection, submission)
    for index, link in enumerate(submission.links):
        with inside(f"then.{index}"):
            refuse_for_chain(link.spec, left)
            settle_models(connection, link.spec, link.row)
            if isinstance(link.spec, RowsTask):
                settle_data(connection, [(link.row["owner"], link.spec, link.row["spec"])])
        if link.spec.kind in MODEL_KINDS:
            left = form_left_by(link.spec)


def hand_on(connection: Connection, job_id: str, then: Sequence[str] | None, *, at: datetime) -> None:
    """Let the job that was held for one go, which has just succeeded. It is part of that end's transaction."""
    if not then:
        return
    held = select(jobs).where(jobs.c.id == then[0], jobs.c.is_held, jobs.c.status.not_in(TERMINAL))
    if (row := connection.execute(held).mappings().one_or_none()) is None:
        return
    try:
        maker = _maker(connection, job_id, row["owner"])
        models = handed_on(connection, spec_from_json(row["spec"]), row, maker)
    except (ApiError, ValidationError) as error:
        failed = {"attempt": row["attempt"], "reason": EndReason.MODEL_UNAVAILABLE, "message": str(error)}
        move(connection, row["id"], JobStatus.FAILED, at=at, **failed)
        return
    release(connection, row, at=at, models=models)


def specs_behind(connection: Connection, row: RowMapping) -> list[JobSpec]:
    """Return the specs of the jobs that were to follow a job, in their order."""
    found = connection.execute(select(jobs.c.id, jobs.c.spec).where(jobs.c.id.in_(row["then"] or ()))).all()
    specs = {one.id: one.spec for one in found}
    return [spec_from_json(specs[job_id]) for job_id in row["then"] or () if job_id in specs]


def refuse_held(connection: Connection, row: RowMapping) -> None:
    """Raise `Conflict` for a job of a chain that was never given what it needs, and so cannot be tried again."""
    first = row
    while first["is_held"]:
        first = get(connection, first["after"], owner=row["owner"])
    if first is not row:
        raise Conflict(
            f"Job {row['id']} has never run: it was to take what the jobs before it left. Retry {first['id']}, whose "
            "chain comes with it, or submit this one by itself, with a model."
        )


def _form_left(connection: Connection, submission: "Submission") -> Form:
    """Return what the first job of a chain will hand on; a retry of one that leaves no model, what it was given."""
    if submission.spec.kind in MODEL_KINDS:
        return form_left_by(submission.spec)
    maker = _maker(connection, submission.row["after"], submission.row["owner"])
    return form_left_by(spec_from_json(maker["spec"]))


def _maker(connection: Connection, job_id: str, owner: str) -> RowMapping:
    """Return, of a job and those before it in its chain, the last that makes a model."""
    row = get(connection, job_id, owner=owner)
    while row["kind"] not in MODEL_KINDS:
        row = get(connection, row["after"], owner=owner)
    return row
