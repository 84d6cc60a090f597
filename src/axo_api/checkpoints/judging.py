"""What a job's checkpoints are worth, and what keeps each: for whoever lists them, and for the rules."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from axo_api.checkpoints.folders import folder_of, is_whole
from axo_api.checkpoints.reasons import KeptBecause
from axo_api.checkpoints.rules import Candidate, newest, wanted
from axo_api.jobs.finding import get
from axo_api.metrics.job_metrics import JobMetrics, Known
from axo_api.models import aliases
from axo_api.models.readers import Reader, readers_of
from axo_api.tables import checkpoints
from axo_contracts.keep import Keep
from axo_contracts.lifecycle import JobStatus

SHOWN = ("loss", "eval_")
"""How the names of the metrics begin that a checkpoint is shown with."""

Measured = dict[str, Known]


@dataclass(frozen=True, slots=True)
class OnRecord:
    """A job, its checkpoints, oldest first, who reads of them, and the names that they have, by step."""

    job: RowMapping
    rows: Sequence[RowMapping]
    readers: Sequence[Reader]
    names: dict[int | None, list[str]]

    @property
    def keep(self) -> Keep | None:
        """The job's rules."""
        kept: Any = self.job["spec"].get("keep")
        return None if kept is None else Keep.model_validate(kept)


@dataclass(frozen=True, slots=True)
class Judged:
    """One checkpoint: what it is worth, and what wants or needs it."""

    row: RowMapping
    folder: PurePosixPath  # below the storage root
    is_there: bool
    is_whole: bool
    metrics: Measured
    by_rule: list[KeptBecause]
    is_newest: bool  # whole, of a job that may go on from it
    used_by: list[str]
    names: list[str]

    @property
    def kept_because(self) -> list[KeptBecause]:
        """What keeps it; empty where nothing does, or where it is gone."""
        if not self.is_there:
            return []
        holds = {KeptBecause.NEWEST: self.is_newest, KeptBecause.USED: self.used_by, KeptBecause.NAMED: self.names}
        return [*self.by_rule, *(reason for reason, holds_it in holds.items() if holds_it)]


def on_record(connection: Connection, job_id: str, *, owner: str | None) -> OnRecord:
    """Return what the database knows of the checkpoints of a job, the removed ones too. Raises `NotFound`."""
    job = get(connection, job_id, owner=owner)
    query = select(checkpoints).where(checkpoints.c.job_id == job_id)
    rows = connection.execute(query.order_by(checkpoints.c.attempt, checkpoints.c.step)).mappings().all()
    return OnRecord(job, rows, readers_of(connection, job_id), aliases.names_of(connection, job_id))


def judge(storage_root: Path, known: OnRecord, *, with_metrics: bool = True) -> list[Judged]:
    """Return each checkpoint with what keeps it. Without metrics, only what a rule asks for is read. Raises OSError."""
    keep = known.keep
    metric = {keep.best.metric} if keep and keep.best else set()
    metrics = _measured(storage_root, known, metric, with_shown=with_metrics) if metric or with_metrics else {}
    candidates = {
        row["id"]: Candidate(row["step"], row["attempt"], _value(metrics.get(row["id"], {}), metric))
        for row in known.rows
        if row["removed_at"] is None and is_whole(storage_root / folder_of(row))
    }
    reasons = wanted(keep, [*candidates.values()]) if keep else {}
    unruled = [] if keep else [KeptBecause.NO_RULE]
    needed = newest([*candidates.values()]) if known.job["status"] != JobStatus.SUCCEEDED else None
    judged = []
    for row in known.rows:
        candidate, is_there = candidates.get(row["id"]), row["removed_at"] is None
        one = Judged(
            row=row,
            folder=folder_of(row),
            is_there=is_there and (storage_root / folder_of(row)).is_dir(),
            is_whole=candidate is not None,
            metrics=metrics.get(row["id"], {}),
            by_rule=reasons.get(candidate, unruled) if candidate else unruled,
            is_newest=candidate is not None and candidate == needed,
            used_by=[reader.job_id for reader in known.readers if is_there and reader.needs(folder_of(row))],
            names=known.names.get(row["step"], []) if is_there else [],
        )
        judged.append(one)
    return judged


def _value(measured: Measured, metric: Collection[str]) -> float | None:
    return next((measured[name].value for name in metric if name in measured), None)


def _measured(storage_root: Path, known: OnRecord, metric: Collection[str], *, with_shown: bool) -> dict[str, Measured]:
    """Return what was measured by each checkpoint's step, by its id."""
    metrics = JobMetrics.of(storage_root, known.job["id"])
    shown = [name for name in metrics.names() if name.startswith(SHOWN)] if with_shown else []
    names = [*dict.fromkeys((*shown, *metric))]
    found: dict[str, Measured] = {}
    for attempt, rows in groupby(known.rows, key=lambda row: int(row["attempt"])):
        of_attempt = [*rows]
        by_step = metrics.known_by(attempt, [row["step"] for row in of_attempt], names)
        found |= {row["id"]: by_step[row["step"]] for row in of_attempt}
    return found
