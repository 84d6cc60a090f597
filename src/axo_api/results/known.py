"""What the database knows of a result, and what its metrics say at their end."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from axo_api.errors import NotFound
from axo_api.jobs.service import get
from axo_api.metrics.job_metrics import JobMetrics
from axo_api.models.service import is_going
from axo_api.openai.jobs.measures import TOKENS
from axo_api.tables import attempts, checkpoints
from axo_contracts.lifecycle import JobStatus


@dataclass(frozen=True, slots=True)
class Known:
    """A job that has succeeded, with its attempts and checkpoints, oldest first."""

    job: RowMapping
    attempts: Sequence[RowMapping]
    checkpoints: Sequence[RowMapping]

    @property
    def result(self) -> RowMapping:
        """The attempt whose outputs are the result."""
        return next(row for row in self.attempts if row["attempt"] == self.job["result_attempt"])


def known_result(connection: Connection, job_id: str) -> Known:
    """Return what is known of the result of a job, whoever's it is.

    Raises `NotFound`, also for a job that has no result, or one that is being deleted, with the reason.
    """
    job = get(connection, job_id, owner=None)
    if job["status"] != JobStatus.SUCCEEDED:
        raise NotFound(
            f"Job {job_id} is {job['status']}; only a job that has succeeded has a manifest. Its files are listed by "
            f"GET /v1/jobs/{job_id}/artifacts.",
            param="job_id",
        )
    if job["result_attempt"] is None:
        raise NotFound(f"The result of job {job_id} was deleted before its manifest was asked for.", param="job_id")
    if job["result_going_at"] is not None:
        raise NotFound(is_going(job_id), param="job_id")
    of_job = (
        select(table).where(table.c.job_id == job_id).order_by(table.c.attempt) for table in (attempts, checkpoints)
    )
    return Known(job, *(connection.execute(query).mappings().all() for query in of_job))


@dataclass(frozen=True, slots=True)
class Figures:
    """Where the metrics of a job ended."""

    final: dict[str, dict[str, Any]]
    """The newest value of each metric, with its step. One that is no finite number is named: nan, inf or -inf."""
    tokens: int | None


def figures(storage_root: Path, job_id: str) -> Figures:
    """Read a job's metrics to their end. Raises `OSError`."""
    final: dict[str, dict[str, Any]] = {}
    tokens: dict[int, int] = {}
    for point in JobMetrics.of(storage_root, job_id).points():
        for name, value in point.values.items():
            final[name] = {"step": point.step, "value": point.non_finite.get(name) if value is None else value}
        if seen := point.values.get(TOKENS):
            tokens[point.attempt] = int(seen)
    return Figures(final, sum(tokens.values()) if tokens else None)
