"""What was trained here. Each function is one transaction."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, Text, cast, or_, select, update

from axo_api.errors import Conflict, NotFound
from axo_api.models import aliases
from axo_api.openai.names import checkpoint_name, model_name, parse
from axo_api.owners import owned
from axo_api.tables import checkpoints, jobs
from axo_contracts.jobs import MODEL_KINDS
from axo_contracts.lifecycle import TERMINAL, JobStatus
from axo_contracts.storage_paths import OUTPUTS, attempt


class ModelNotFound(NotFound):
    """There is no model of this name."""

    code = "model_not_found"


def find_trained(connection: Connection, *, owner: str, limit: int) -> Sequence[RowMapping]:
    """Return up to `limit` of an owner's jobs that left a model which is still there, newest first."""
    left_one = jobs.c.status == JobStatus.SUCCEEDED, jobs.c.result_attempt.is_not(None), jobs.c.kind.in_(MODEL_KINDS)
    query = select(jobs).where(jobs.c.owner == owner, *left_one).order_by(jobs.c.id.desc()).limit(limit)
    return connection.execute(query).mappings().all()


class Located(NamedTuple):
    """A job that trained, and the step of its checkpoint that was asked for."""

    row: RowMapping
    step: int | None

    @property
    def name(self) -> str:
        """What the model or the checkpoint is called here."""
        return model_name(self.row) if self.step is None else checkpoint_name(self.row, self.step)


def get_trained(connection: Connection, name: str, *, owner: str | None) -> RowMapping:
    """Return the job that trained the model, or kept the checkpoint, that is called `name`. Raises `ModelNotFound`."""
    return locate(connection, name, owner=owner).row


def locate(connection: Connection, name: str, *, owner: str | None, prefer: str | None = None) -> Located:
    """Return what is called `name`, which may be an alias; of several owners' aliases alike, that of `prefer`.

    Raises `ModelNotFound`.
    """
    own = parse(name)
    if (trained := own or aliases.target(connection, name, owner=owner, prefer=prefer)) is not None:
        mine = jobs.c.id == trained.job_id, owned(jobs, owner)
        row = connection.execute(select(jobs).where(*mine)).mappings().one_or_none()
        if row is not None and (own is None or name == Located(row, own.step).name):
            if _is_there(connection, row, trained.step):
                return Located(row, trained.step)
            if own is None:
                message = f"{name!r} stands for what job {row['id']} trains, which is {row['status']} and has no model."
                raise ModelNotFound(message, param="model")
    raise ModelNotFound(f"There is no model {name[:200]!r}; GET /v1/models lists what there is.", param="model")


def _is_there(connection: Connection, row: RowMapping, step: int | None) -> bool:
    if row["kind"] not in MODEL_KINDS:
        return False
    if step is None:
        return row["result_attempt"] is not None
    of_step = checkpoints.c.job_id == row["id"], checkpoints.c.step == step
    return connection.execute(select(checkpoints.c.id).where(*of_step).limit(1)).one_or_none() is not None


def result_to_remove(connection: Connection, name: str, *, owner: str | None) -> Path:
    """Return where the result of a model lies, below the storage root, so that it can be removed.

    Raises `ModelNotFound`, and `Conflict` for a checkpoint, or while a job that has not ended goes on from the model.
    """
    row = get_trained(connection, name, owner=owner)
    if name != model_name(row):
        raise Conflict(f"{name!r} is a checkpoint; delete the model {model_name(row)!r}, which its files belong to.")
    folder = attempt(row["id"], row["result_attempt"])
    if users := live_jobs_using(connection, folder):
        raise Conflict(f"{name!r} is needed by {', '.join(users[:3])}; delete it when that has ended.")
    return Path(folder / OUTPUTS)


def live_jobs_using(connection: Connection, folder: PurePosixPath) -> Sequence[str]:
    """Return the ids of the jobs that have not ended, and read what lies in `folder`: an attempt's, or a checkpoint."""
    uses = or_(
        cast(jobs.c.checkpoints_from, Text).contains(str(folder), autoescape=True),
        jobs.c.weights_from.startswith(f"{folder}/", autoescape=True),
        jobs.c.weights_from == str(folder),
        cast(jobs.c.models, Text).contains(f"{folder}/", autoescape=True),
        cast(jobs.c.models, Text).contains(f'{folder}"', autoescape=True),
    )
    return connection.execute(select(jobs.c.id).where(jobs.c.status.not_in(TERMINAL), uses)).scalars().all()


def folder_of(connection: Connection, located: Located) -> PurePosixPath:
    """Return where a model, or a checkpoint of it, lies below the storage root."""
    row, step = located
    if step is None:
        return attempt(row["id"], row["result_attempt"]) / OUTPUTS
    of_step = checkpoints.c.job_id == row["id"], checkpoints.c.step == step
    query = select(checkpoints).where(*of_step).order_by(checkpoints.c.attempt.desc()).limit(1)
    checkpoint = connection.execute(query).mappings().one()
    return attempt(row["id"], checkpoint["attempt"]) / str(checkpoint["path"])


def forget_result(connection: Connection, name: str, *, owner: str | None) -> None:
    """Say that a model's files are gone."""
    row = get_trained(connection, name, owner=owner)
    connection.execute(update(jobs).where(jobs.c.id == row["id"]).values(result_attempt=None))
