"""What a queued job waits for and when it will start, by the fleet and the queue as they are now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pydantic import ValidationError
from redis.exceptions import RedisError
from sqlalchemy import Connection, RowMapping, case, select

from axo_api.clock import now
from axo_api.control.dispatcher import place_of
from axo_api.control.placement import Host, hosts
from axo_api.dependencies import Parts
from axo_api.jobs.in_queue import IN_QUEUE
from axo_api.jobs.schemas import JobWaiting, standing_of
from axo_api.jobs.spec_columns import gpus_column, max_steps_column
from axo_api.tables import attempts, jobs
from axo_api.workers.fleet import Run, live_workers
from axo_api.workers.forecast import Going, Need, next_free_seconds, starts
from axo_api.workers.usual import Kind, UsualTimes, kind_columns
from axo_api.workers.waiting import position_of
from axo_contracts.jobs import spec_from_json
from axo_contracts.lifecycle import ON_A_WORKER
from axo_contracts.resources import Resources, WorkerState
from axo_contracts.tools import ToolName

MOST_FORESEEN = 500  # of the queue, best first; the start of those behind them is not known
NOT_SEEN = "the workers cannot be seen, because Redis does not answer"


@dataclass(frozen=True, slots=True)
class Outlook:
    """The fleet, and when the jobs that wait for it will start, by id."""

    fleet: Sequence[Host]
    starts: Mapping[str, float]
    next_free_seconds: float | None

    def waiting(self, row: RowMapping, position: int) -> JobWaiting:
        """Return what a queued job waits for."""
        place = place_of(row, self.fleet, next_free_seconds=self.next_free_seconds)
        reason = place if isinstance(place, str) else "starts next"
        return JobWaiting(position=position, reason=reason, estimated_start=_moment(self.starts.get(row["id"])))


async def outlook(axo: Parts) -> Outlook:
    """Return the outlook of the queue. Raises `redis.RedisError`."""
    workers = await live_workers(axo.redis)
    usual = await axo.usual.usual()
    return await axo.database.read(partial(_outlook, workers=workers, usual=usual))


async def waiting_of(axo: Parts, row: RowMapping) -> JobWaiting:
    """Return what one queued job waits for."""
    position = await axo.database.read(partial(position_of, job=row))
    if row["is_held"]:
        return JobWaiting(position=position, reason=f"waits for {row['after']} to succeed", estimated_start=None)
    try:
        return (await outlook(axo)).waiting(row, position)
    except RedisError:
        return JobWaiting(position=position, reason=NOT_SEEN, estimated_start=None)


def _outlook(connection: Connection, *, workers: Sequence[WorkerState], usual: UsualTimes) -> Outlook:
    going = [_going(row, usual) for row in connection.execute(_RUNS).mappings()]
    needs = [_need(row) for row in connection.execute(_NEEDS).mappings()]
    foreseen = starts(workers, going, needs, usual)
    return Outlook(hosts(workers, [one.run for one in going]), foreseen, next_free_seconds(going))


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else now() + timedelta(seconds=seconds)


def _going(row: RowMapping, usual: UsualTimes) -> Going:
    run = Run(row["id"], row["owner"], row["attempt"], row["run_on"], tuple(row["gpus"]))
    standing = standing_of(row)
    if standing is not None and standing.eta_seconds is not None:
        return Going(run, standing.eta_seconds)
    whole = usual.seconds(_kind(row), len(run.gpus), _number(row["max_steps_wanted"]))
    return Going(run, None if whole is None else max(0.0, whole - (now() - row["placed_at"]).total_seconds()))


def _need(row: RowMapping) -> Need:
    gpus = _number(row["gpus_wanted"])
    return Need(
        job_id=row["id"],
        resources=Resources(gpus="auto" if gpus is None else gpus),
        kind=_kind(row),
        max_steps=_number(row["max_steps_wanted"]),
        avoid=row["worker_id"] if row["losses"] else None,
        tools=_tools(row["task"]),
    )


def _tools(task: dict[str, Any] | None) -> tuple[ToolName, ...]:
    try:
        return spec_from_json(task).tools if task else ()
    except ValidationError:  # of another version of axo: `place_of` says so
        return ()


def _kind(row: RowMapping) -> Kind:
    return Kind(row["base_model"], row["method"], row["adapter"])


def _number(value: str | int | None) -> int | None:
    """Return a number of a spec, which SQLite gives as such and Postgres as text; None for none, and for `auto`."""
    return int(str(value)) if str(value).isdigit() else None


_WANTED = (
    *kind_columns(),
    gpus_column().label("gpus_wanted"),
    max_steps_column().label("max_steps_wanted"),
)
_NEEDS = (
    select(jobs.c.id, jobs.c.worker_id, jobs.c.losses, *_WANTED)
    .add_columns(case((jobs.c.kind != "train", jobs.c.spec)).label("task"))
    .where(IN_QUEUE)
    .order_by(jobs.c.priority.desc(), jobs.c.id)
    .limit(MOST_FORESEEN)
)
_RUNS = (
    select(jobs.c.id, jobs.c.owner, jobs.c.status, jobs.c.attempt, jobs.c.standing, *_WANTED)
    .add_columns(attempts.c.worker_id.label("run_on"), attempts.c.gpus, attempts.c.placed_at)
    .join(attempts, (attempts.c.job_id == jobs.c.id) & (attempts.c.attempt == jobs.c.attempt))
    .where(jobs.c.status.in_(ON_A_WORKER))
)
