"""What the database knows of a job's output. Each function is one read."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Any

import yaml
from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, or_, select

from axo_api.axolotl.configs import config_of
from axo_api.axolotl.inputs import Inputs, file_ids
from axo_api.errors import NotFound
from axo_api.files.service import wrappings
from axo_api.jobs.service import get
from axo_api.output.schemas import MetricPoint
from axo_api.plans.naming import name_of_config
from axo_api.tables import attempts, checkpoints, job_events, metrics
from axo_contracts.jobs import spec_from_json


def find_metrics(
    connection: Connection, job_id: str, *, owner: str | None, names: frozenset[str] | None, from_step: int, limit: int
) -> list[MetricPoint]:
    """Return up to `limit` + 1 points from `from_step` on, one a step, with the values in `names` only (None: all).

    Where an attempt went on from a checkpoint, its points stand for those that earlier attempts had from there on.
    """
    get(connection, job_id, owner=owner)
    return list(islice(points_of(connection, job_id, names=names, from_step=from_step), limit + 1))


def points_of(
    connection: Connection, job_id: str, *, names: frozenset[str] | None = None, from_step: int = 0
) -> Iterator[MetricPoint]:
    """Yield the points of a job, whosever it is, one a step, as `find_metrics` returns them."""
    query = (
        select(metrics)
        .where(metrics.c.job_id == job_id, metrics.c.step >= from_step, _not_superseded(connection, job_id))
        .order_by(metrics.c.step, metrics.c.attempt, metrics.c.seq)
    )
    with connection.execution_options(yield_per=1000).execute(query).mappings() as rows:
        points = (_point(step, names) for _, step in groupby(rows, key=lambda row: row["step"]))
        yield from (point for point in points if point.values)


def find_events(
    connection: Connection, job_id: str, *, owner: str | None, after: int, limit: int
) -> Sequence[RowMapping]:
    """Return up to `limit` + 1 events behind the event `after`, newest last."""
    get(connection, job_id, owner=owner)
    query = (
        select(job_events)
        .where(job_events.c.job_id == job_id, job_events.c.id > after)
        .order_by(job_events.c.id)
        .limit(limit + 1)
    )
    return connection.execute(query).mappings().all()


def find_checkpoints(connection: Connection, job_id: str, *, owner: str | None) -> Sequence[RowMapping]:
    """Return a job's checkpoints, oldest first."""
    get(connection, job_id, owner=owner)
    query = select(checkpoints).where(checkpoints.c.job_id == job_id)
    return connection.execute(query.order_by(checkpoints.c.attempt, checkpoints.c.step)).mappings().all()


def config_yaml(connection: Connection, job_id: str, *, owner: str | None, attempt: int | None) -> tuple[str, str]:
    """Return the Axolotl config of an attempt (None: the newest one) as YAML, and the name of its file.

    Before the first attempt it is the config as far as it is known by then, without what depends on the device.
    """
    job = get(connection, job_id, owner=owner)
    spec = spec_from_json(job["spec"])
    name = name_of_config(connection, spec, owner=job["owner"], at=job["created_at"], before=job_id)
    query = select(attempts).where(attempts.c.job_id == job_id).order_by(attempts.c.attempt.desc()).limit(1)
    if attempt is not None:
        query = query.where(attempts.c.attempt == attempt)
    row = connection.execute(query).mappings().one_or_none()
    if row is not None:
        return _yaml(f"Attempt {row['attempt']} on worker {row['worker_id']}.", row["config"]), name
    if attempt is not None:
        raise NotFound(f"Job {job_id} has no attempt {attempt}; its newest is {job['attempt']}.", param="attempt")
    sentence = "Not placed on a worker yet: precision, attention and kernels are chosen for its device."
    return _yaml(sentence, config_of(spec, Inputs(wrappings(connection, file_ids(spec))))), name


def _not_superseded(connection: Connection, job_id: str) -> ColumnElement[bool]:
    """Return the condition on points that no later attempt has taken the place of."""
    query = (
        select(metrics.c.attempt, func.min(metrics.c.step))
        .where(metrics.c.job_id == job_id)
        .group_by(metrics.c.attempt)
        .order_by(metrics.c.attempt.desc())
    )
    conditions: list[ColumnElement[bool]] = []
    before: int | None = None  # the first step of all later attempts
    for attempt, first_step in connection.execute(query):
        of_attempt = metrics.c.attempt == attempt
        conditions.append(of_attempt if before is None else and_(of_attempt, metrics.c.step < before))
        before = first_step if before is None else min(before, first_step)
    return or_(*conditions) if conditions else metrics.c.job_id == job_id


def _point(rows: Iterable[RowMapping], names: frozenset[str] | None) -> MetricPoint:
    """Return what the trainer logged at one step; it may say its loss and its evaluation apart."""
    values: dict[str, Any] = {}
    non_finite: dict[str, Any] = {}
    for row in rows:
        values |= _only(row["values"], names)
        non_finite |= _only(row["non_finite"], names)
    return MetricPoint(
        step=row["step"],
        max_steps=row["max_steps"],
        epoch=row["epoch"],
        attempt=row["attempt"],
        time=row["time"],
        values=values,
        non_finite=non_finite,
    )


def _only(values: dict[str, Any], names: frozenset[str] | None) -> dict[str, Any]:
    return values if names is None else {name: value for name, value in values.items() if name in names}


def _yaml(sentence: str, config: dict[str, Any]) -> str:
    return f"# {sentence}\n" + yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
