"""What was trained here. Each function is one transaction."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, RowMapping, Text, cast, select, update

from axo_api.errors import Conflict, NotFound
from axo_api.openai.names import checkpoint_name, model_name, parse
from axo_api.owners import owned
from axo_api.tables import checkpoints, jobs
from axo_contracts.lifecycle import TERMINAL, JobStatus
from axo_contracts.storage_paths import OUTPUTS, attempt


class ModelNotFound(NotFound):
    """There is no model of this name."""

    code = "model_not_found"


def find_trained(connection: Connection, *, owner: str, limit: int) -> Sequence[RowMapping]:
    """Return up to `limit` of an owner's jobs that left a model which is still there, newest first."""
    left_one = jobs.c.owner == owner, jobs.c.status == JobStatus.SUCCEEDED, jobs.c.result_attempt.is_not(None)
    return connection.execute(select(jobs).where(*left_one).order_by(jobs.c.id.desc()).limit(limit)).mappings().all()


def get_trained(connection: Connection, name: str, *, owner: str | None) -> RowMapping:
    """Return the job that trained the model, or kept the checkpoint, that is called `name`. Raises `ModelNotFound`."""
    if (trained := parse(name)) is not None:
        mine = jobs.c.id == trained.job_id, owned(jobs, owner)
        row = connection.execute(select(jobs).where(*mine)).mappings().one_or_none()
        if row is not None and trained.step is None and name == model_name(row) and row["result_attempt"] is not None:
            return row
        if row is not None and trained.step is not None and name == checkpoint_name(row, trained.step):
            of_step = checkpoints.c.job_id == trained.job_id, checkpoints.c.step == trained.step
            if connection.execute(select(checkpoints.c.id).where(*of_step).limit(1)).one_or_none() is not None:
                return row
    raise ModelNotFound(f"There is no model {name[:200]!r}; GET /v1/models lists what there is.", param="model")


def result_to_remove(connection: Connection, name: str, *, owner: str | None) -> Path:
    """Return where the result of a model lies, below the storage root, so that it can be removed.

    Raises `ModelNotFound`, and `Conflict` for a checkpoint, or while a job that has not ended goes on from the model.
    """
    row = get_trained(connection, name, owner=owner)
    if name != model_name(row):
        raise Conflict(f"{name!r} is a checkpoint; delete the model {model_name(row)!r}, which its files belong to.")
    folder = attempt(row["id"], row["result_attempt"])
    uses = cast(jobs.c.checkpoints_from, Text).contains(str(folder), autoescape=True)
    users = connection.execute(select(jobs.c.id).where(jobs.c.status.not_in(TERMINAL), uses)).scalars().all()
    if users:
        raise Conflict(f"{name!r} is needed by {', '.join(users[:3])}; delete it when that has ended.")
    return Path(folder / OUTPUTS)


def forget_result(connection: Connection, name: str, *, owner: str | None) -> None:
    """Say that a model's files are gone."""
    row = get_trained(connection, name, owner=owner)
    connection.execute(update(jobs).where(jobs.c.id == row["id"]).values(result_attempt=None))
