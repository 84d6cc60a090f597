"""What OpenAI's clients ask of jobs. Each function is one read or one transaction, onto the native service."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, exists, func, literal, select

from axo_api.clock import now
from axo_api.errors import NotFound
from axo_api.jobs import service as jobs_service
from axo_api.jobs.schemas import standing_of
from axo_api.openai.jobs.presenting import present
from axo_api.openai.jobs.schemas import FineTuningJob
from axo_api.tables import jobs

Row = RowMapping | dict[str, Any]


def get(connection: Connection, job_id: str, *, owner: str | None) -> FineTuningJob:
    """Return a job. Raises `NotFound`."""
    row = jobs_service.get(connection, job_id, owner=owner)
    if row["kind"] != "train":
        raise NotFound(f"Job {job_id!r} is no fine-tuning but a {row['kind']}; GET /v1/jobs/{job_id} shows it.")
    return _presented([row])[0]


def find(
    connection: Connection, *, owner: str, after: str | None, limit: int, metadata: Mapping[str, str] | None
) -> list[FineTuningJob]:
    """Return up to `limit` + 1 jobs, newest first, older than the job `after`, that have all labels of `metadata`.

    None: those without any label.
    """
    query = (
        select(jobs).where(jobs.c.owner == owner, jobs.c.kind == "train").order_by(jobs.c.id.desc()).limit(limit + 1)
    )
    if after is not None:
        query = query.where(jobs.c.id < after)
    if metadata is None:
        query = query.where(_has_no_labels(connection))
    for name, value in (metadata or {}).items():
        query = query.where(_has_label(connection, name, value))
    return _presented(connection.execute(query).mappings().all())


def _presented(rows: Sequence[Row]) -> list[FineTuningJob]:
    return [present(row, _finish(row)) for row in rows]


def _has_label(connection: Connection, name: str, value: str) -> ColumnElement[bool]:
    if connection.dialect.name == "postgresql":
        is_so: ColumnElement[bool] = jobs.c.spec["metadata"][name].as_string() == value
        return is_so
    labels = func.json_each(jobs.c.spec, "$.metadata").table_valued("key", "value")
    return exists(select(literal(1)).select_from(labels).where(labels.c.key == name, labels.c.value == value))


def _has_no_labels(connection: Connection) -> ColumnElement[bool]:
    if connection.dialect.name == "postgresql":
        is_empty: ColumnElement[bool] = jobs.c.spec["metadata"].as_string() == "{}"
        return is_empty
    labels = func.json_each(jobs.c.spec, "$.metadata").table_valued("key")
    return ~exists(select(literal(1)).select_from(labels))


def _finish(row: Row) -> int | None:
    """Return when a running job will be done, as the native API has it."""
    standing = standing_of(row)
    if standing is None or standing.eta_seconds is None:
        return None
    return int(now().timestamp() + standing.eta_seconds)
