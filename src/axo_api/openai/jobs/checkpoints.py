"""A job's checkpoints as OpenAI's clients list them, newest first."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, select

from axo_api.errors import Invalid
from axo_api.jobs import service as jobs_service
from axo_api.metrics.job_metrics import JobMetrics
from axo_api.openai.jobs.measures import OPENAI_NAMES, measured
from axo_api.openai.jobs.schemas import CheckpointMetrics, FineTuningJobCheckpoint
from axo_api.openai.names import checkpoint_name
from axo_api.tables import checkpoints


class Found(NamedTuple):
    """A job, and a page of its checkpoints."""

    job: RowMapping
    rows: Sequence[RowMapping]


def find(connection: Connection, job_id: str, *, owner: str | None, after: str | None, limit: int) -> Found:
    """Return up to `limit` + 1 checkpoints, newest first, older than the checkpoint `after`.

    Raises `NotFound`, and `Invalid` when the job has no checkpoint `after`.
    """
    job = jobs_service.get(connection, job_id, owner=owner)
    there = checkpoints.c.job_id == job_id, checkpoints.c.removed_at.is_(None)
    query = select(checkpoints).where(*there).order_by(checkpoints.c.id.desc())
    if after is not None:
        known = select(checkpoints.c.id).where(checkpoints.c.job_id == job_id, checkpoints.c.id == after)
        if connection.execute(known).one_or_none() is None:
            raise Invalid(f"after: this job has no checkpoint {after!r}.", param="after")
        query = query.where(checkpoints.c.id < after)
    return Found(job, connection.execute(query.limit(limit + 1)).mappings().all())


def with_metrics(storage_root: Path, found: Found) -> list[FineTuningJobCheckpoint]:
    """Return checkpoints with what was measured at each; reads files. Raises `OSError`."""
    places = [(row["attempt"], row["step"]) for row in found.rows]
    values = JobMetrics.of(storage_root, found.job["id"]).values_at(places, OPENAI_NAMES)
    measures = (measured(values.get(place, {})) for place in places)
    return [_shown(found.job, row, of_row) for row, of_row in zip(found.rows, measures, strict=True)]


def _shown(job: RowMapping, row: RowMapping, values: dict[str, float | None]) -> FineTuningJobCheckpoint:
    whole: dict[str, Any] = {f"full_{name}": value for name, value in values.items() if name.startswith("valid_")}
    return FineTuningJobCheckpoint(
        id=row["id"],
        created_at=int(row["created_at"].timestamp()),
        fine_tuned_model_checkpoint=checkpoint_name(job, row["step"]),
        fine_tuning_job_id=job["id"],
        metrics=CheckpointMetrics(step=float(row["step"]), **values, **whole),
        step_number=row["step"],
    )
