"""What OpenAI's clients ask of jobs. Each function is one read or one transaction, onto the native service."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, exists, func, literal, select

from axo_api.jobs import service as jobs_service
from axo_api.openai.jobs.presenting import present
from axo_api.openai.jobs.schemas import FineTuningJob
from axo_api.tables import jobs, metrics
from axo_contracts.lifecycle import JobStatus

Row = RowMapping | dict[str, Any]


def get(connection: Connection, job_id: str, *, owner: str | None) -> FineTuningJob:
    """Return a job. Raises `NotFound`."""
    row = jobs_service.get(connection, job_id, owner=owner)
    return _presented(connection, [row])[0]


def find(
    connection: Connection, *, owner: str, after: str | None, limit: int, metadata: Mapping[str, str] | None
) -> list[FineTuningJob]:
    """Return up to `limit` + 1 jobs, newest first, older than the job `after`, that have all labels of `metadata`.

    None: those without any label.
    """
    query = select(jobs).where(jobs.c.owner == owner).order_by(jobs.c.id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(jobs.c.id < after)
    if metadata is None:
        query = query.where(_has_no_labels(connection))
    for name, value in (metadata or {}).items():
        query = query.where(_has_label(connection, name, value))
    return _presented(connection, connection.execute(query).mappings().all())


def _presented(connection: Connection, rows: Sequence[Row]) -> list[FineTuningJob]:
    finishes = _finishes(connection, [row["id"] for row in rows if row["status"] == JobStatus.RUNNING])
    return [present(row, finishes.get(row["id"])) for row in rows]


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


def _finishes(connection: Connection, job_ids: Collection[str]) -> Mapping[str, int]:
    """Return when jobs will be done if their newest attempts go on as fast as they went."""
    if not job_ids:
        return {}
    first, last = func.min(metrics.c.step), func.max(metrics.c.step)
    began, newest = func.min(metrics.c.time), func.max(metrics.c.time)
    newest_attempt = and_(jobs.c.id == metrics.c.job_id, jobs.c.attempt == metrics.c.attempt)
    query = (
        select(metrics.c.job_id, first, last, began, newest, func.max(metrics.c.max_steps))
        .join(jobs, newest_attempt)
        .where(metrics.c.job_id.in_(job_ids))
        .group_by(metrics.c.job_id)
    )
    found = ((row[0], _finish(*row[1:])) for row in connection.execute(query))
    return {job_id: finish for job_id, finish in found if finish is not None}


def _finish(first: int, last: int, began: datetime, newest: datetime, max_steps: int) -> int | None:
    if last <= first:
        return None
    seconds_a_step = (newest - began).total_seconds() / (last - first)
    return int(newest.timestamp() + seconds_a_step * max(0, max_steps - last))
