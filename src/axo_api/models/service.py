"""What was trained here. Each function is one transaction."""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, select, update

from axo_api.checkpoints.folders import folder_of as checkpoint_folder
from axo_api.clock import now
from axo_api.errors import Conflict, NotFound
from axo_api.models import aliases
from axo_api.models.readers import readers_of
from axo_api.openai.names import Trained, checkpoint_name, model_name, parse
from axo_api.owners import owned
from axo_api.tables import checkpoints, jobs
from axo_contracts.jobs import MODEL_KINDS
from axo_contracts.lifecycle import JobStatus
from axo_contracts.storage_paths import OUTPUTS, attempt, job_of


class ModelNotFound(NotFound):
    """There is no model of this name."""

    code = "model_not_found"


def find_trained(connection: Connection, *, owner: str, limit: int) -> Sequence[RowMapping]:
    """Return up to `limit` of an owner's jobs that left a model which is still there, newest first."""
    left_one = jobs.c.status == JobStatus.SUCCEEDED, jobs.c.result_attempt.is_not(None), jobs.c.kind.in_(MODEL_KINDS)
    stays = jobs.c.result_going_at.is_(None)
    query = select(jobs).where(jobs.c.owner == owner, *left_one, stays).order_by(jobs.c.id.desc()).limit(limit)
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
        if row is not None and (own is None or name in (Located(row, own.step).name, _by_job(own))):
            if _is_there(connection, row, trained.step):
                return Located(row, trained.step)
            if own is None:
                what = "the result" if trained.step is None else f"checkpoint {trained.step}"
                message = f"{name!r} stands for {what} of job {row['id']}, which is {row['status']} and has none."
                raise ModelNotFound(message, param="model")
    raise ModelNotFound(f"There is no model {name[:200]!r}; GET /v1/models lists what there is.", param="model")


def _by_job(trained: Trained) -> str:
    return trained.job_id if trained.step is None else f"{trained.job_id}:ckpt-step-{trained.step}"


def _is_there(connection: Connection, row: RowMapping, step: int | None) -> bool:
    if row["kind"] not in MODEL_KINDS:
        return False
    if step is None:
        return row["result_attempt"] is not None
    return connection.execute(_of_step(row["id"], step)).one_or_none() is not None


def get_result(connection: Connection, name: str, *, owner: str | None) -> RowMapping:
    """Return the job whose result is called `name`. Raises `ModelNotFound`, and `Conflict` for a checkpoint."""
    row, step = locate(connection, name, owner=owner)
    if step is not None:
        raise Conflict(
            f"{name!r} is a checkpoint; DELETE /v1/jobs/{row['id']}/checkpoints/{{step}} deletes it, and DELETE of the "
            f"model {model_name(row)!r} all of them."
        )
    return row


def live_jobs_using(connection: Connection, folder: PurePosixPath) -> Sequence[str]:
    """Return the ids of the jobs that have not ended, and read what lies in `folder`: an attempt's, or a checkpoint."""
    return [reader.job_id for reader in readers_of(connection, job_of(folder)) if reader.needs(folder)]


def folder_of(connection: Connection, located: Located) -> PurePosixPath:
    """Return where a model, or a checkpoint of it, lies below the storage root.

    It is not deleted before the transaction ends. Raises `ModelNotFound` for what is being deleted, or has just been.
    """
    row, step = located
    if step is None:
        return result_of(connection, row["id"])
    checkpoint = checkpoint_of(connection, row["id"], step)
    if checkpoint is None:
        raise ModelNotFound(f"{located.name!r} has just been deleted.", param="model")
    return checkpoint_folder(checkpoint)


def result_of(connection: Connection, job_id: str) -> PurePosixPath:
    """Return where a job's result lies below the storage root. It stays for the transaction. Raises `ModelNotFound`."""
    job = hold_result(connection, job_id)
    if job["result_attempt"] is None:
        raise ModelNotFound(f"Job {job_id} has left no model, or it was deleted.", param="model")
    return attempt(job_id, job["result_attempt"]) / OUTPUTS


def hold_result(connection: Connection, job_id: str) -> RowMapping:
    """Return a job's row. Its result, also one to come, stays for the transaction.

    Raises `ModelNotFound` for a result that is being deleted.
    """
    held = select(jobs).where(jobs.c.id == job_id).with_for_update(read=True, key_share=True)
    job = connection.execute(held).mappings().one_or_none()
    if job is None:
        raise ModelNotFound(f"Job {job_id} has just been deleted.", param="model")
    if job["result_going_at"] is not None:
        raise ModelNotFound(is_going(job_id), param="model")
    return job


def is_going(job_id: str) -> str:
    """Return the sentence for a result that is being deleted."""
    return f"The result of job {job_id} is being deleted; DELETE /v1/models/{job_id} again finishes what was cut short."


def lock_result(connection: Connection, job_id: str) -> None:
    """Wait until nobody holds a job's result, and let nobody until the transaction ends, which has it go."""
    connection.execute(select(jobs.c.id).where(jobs.c.id == job_id).with_for_update())


def checkpoint_of(connection: Connection, job_id: str, step: int) -> RowMapping | None:
    """Return a job's checkpoint of a step: of several attempts' alike, the newest's. It stays for the transaction."""
    return connection.execute(_of_step(job_id, step).with_for_update(read=True)).mappings().one_or_none()


def _of_step(job_id: str, step: int) -> Select[Any]:
    of_step = checkpoints.c.job_id == job_id, checkpoints.c.step == step, checkpoints.c.removed_at.is_(None)
    return select(checkpoints).where(*of_step).order_by(checkpoints.c.attempt.desc()).limit(1)


def forget_result(connection: Connection, name: str, *, owner: str | None) -> None:
    """Say that a model's files are gone, and those of the checkpoints beside it, which are marked.

    Raises `ModelNotFound`, and `Conflict` for a checkpoint.
    """
    row = get_result(connection, name, owner=owner)
    marked = beside_result(row) & checkpoints.c.gone_at.is_(None)
    connection.execute(update(checkpoints).where(marked).values(gone_at=now()))
    gone = {"result_attempt": None, "result_going_at": None}
    connection.execute(update(jobs).where(jobs.c.id == row["id"]).values(gone))


def beside_result(job: RowMapping) -> ColumnElement[bool]:
    """Return the condition on the checkpoints that lie beside a job's result: its attempt's."""
    return and_(checkpoints.c.job_id == job["id"], checkpoints.c.attempt == job["result_attempt"])
