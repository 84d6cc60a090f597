"""The jobs that have not ended and read what another job has left."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, Text, cast, or_, select

from axo_api.tables import jobs
from axo_contracts.lifecycle import TERMINAL
from axo_contracts.storage_paths import job as job_folder


class Reader(NamedTuple):
    """A job, what it reads, and what it may go on from: an attempt with all its checkpoints, or one of them."""

    job_id: str
    reads: tuple[PurePosixPath, ...]
    resumes_from: tuple[PurePosixPath, ...]

    def needs(self, folder: PurePosixPath) -> bool:
        """Return whether it needs what lies in `folder`, which is below the storage root."""
        is_inside = any(path.is_relative_to(folder) for path in (*self.reads, *self.resumes_from))
        return is_inside or any(folder.is_relative_to(path) for path in self.resumes_from)


def readers_of(connection: Connection, job_id: str) -> list[Reader]:
    """Return the jobs that have not ended, and read something that `job_id` has left."""
    folder = f"{job_folder(job_id)}/"
    names = (cast(jobs.c.checkpoints_from, Text), jobs.c.weights_from, cast(jobs.c.models, Text))
    mentions = or_(*(column.contains(folder, autoescape=True) for column in names))
    query = select(jobs.c.id, jobs.c.checkpoints_from, jobs.c.weights_from, jobs.c.models)
    found = connection.execute(query.where(jobs.c.status.not_in(TERMINAL), mentions).order_by(jobs.c.id)).mappings()
    return [_reader(row) for row in found]


def _reader(row: RowMapping) -> Reader:
    reads = [row["weights_from"]] if row["weights_from"] else []
    for model in (row["models"] or {}).values():
        reads += _folders(model)
    return Reader(row["id"], _paths(reads), _paths(row["checkpoints_from"] or ()))


def _folders(model: Mapping[str, Any]) -> Iterator[str]:
    """Yield where a model lies, as a job's row has it (`axo_api.models.weights`)."""
    if model["is_stored"]:
        yield model["base"]
    if model["adapter"] is not None:
        yield model["adapter"]


def _paths(texts: Any) -> tuple[PurePosixPath, ...]:
    return tuple(PurePosixPath(text) for text in texts)
