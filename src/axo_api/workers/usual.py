"""How long runs of a kind usually take here, by those that ended well. Looked up once in a while, and kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from time import monotonic
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, select

from axo_api.database import Database
from axo_api.jobs.spec_columns import adapter_column, base_model_column, method_column
from axo_api.tables import attempts, jobs
from axo_contracts.lifecycle import JobStatus

KEPT_SECONDS = 5.0
MOST_RUNS = 200


class Kind(NamedTuple):
    """What makes runs alike."""

    base_model: str
    method: str
    adapter: str


@dataclass(slots=True)
class RunTimes:
    """What runs of one kind took, and that by their steps."""

    seconds: list[float] = field(default_factory=list)
    seconds_a_step: list[float] = field(default_factory=list)


class UsualTimes:
    """What runs took, by their kind and their number of GPUs."""

    def __init__(self, runs: Mapping[tuple[Kind, int], RunTimes]) -> None:
        self._runs = runs

    def seconds(self, kind: Kind, gpus: int, max_steps: int | None) -> float | None:
        """Return what a run takes, for so many steps where their number is known. None: there was none like it."""
        runs = self._runs.get((kind, gpus))
        if runs is None:
            return None
        if max_steps and runs.seconds_a_step:
            return median(runs.seconds_a_step) * max_steps
        return median(runs.seconds)


class UsualTimesKeeper:
    """Hands out the usual times, which are read anew when they are older than `KEPT_SECONDS`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: UsualTimes | None = None
        self._read_at = 0.0

    async def usual(self) -> UsualTimes:
        """Return the usual times."""
        if self._kept is None or monotonic() - self._read_at > KEPT_SECONDS:
            self._kept, self._read_at = await self._database.read(_usual_times), monotonic()
        return self._kept


def _usual_times(connection: Connection) -> UsualTimes:
    query = (
        select(
            *kind_columns(),
            attempts.c.placed_at,
            attempts.c.ended_at,
            attempts.c.gpus,
            jobs.c.step,
        )
        .join(jobs, (jobs.c.id == attempts.c.job_id) & (jobs.c.result_attempt == attempts.c.attempt))
        .where(jobs.c.status == JobStatus.SUCCEEDED, attempts.c.attempt == 1)  # a later one made a part of the steps
        .order_by(jobs.c.id.desc())
        .limit(MOST_RUNS)
    )
    runs: dict[tuple[Kind, int], RunTimes] = {}
    for row in connection.execute(query):
        seconds = (row.ended_at - row.placed_at).total_seconds()
        of_kind = runs.setdefault((Kind(row.base_model, row.method, row.adapter), len(row.gpus)), RunTimes())
        of_kind.seconds.append(seconds)
        if row.step:
            of_kind.seconds_a_step.append(seconds / row.step)
    return UsualTimes(runs)


def kind_columns() -> list[ColumnElement[str]]:
    """Return the columns of table `jobs` that make a `Kind`, by its fields' names."""
    columns = base_model_column(), method_column(), adapter_column()
    return [column.label(name) for name, column in zip(Kind._fields, columns, strict=True)]
