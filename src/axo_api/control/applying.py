"""Bringing the database up to a journal: status moves, progress, checkpoints. Applying a frame twice is once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, func, update
from sqlalchemy.dialects import postgresql, sqlite

from axo_api.clock import now
from axo_api.control.notices import Notice, add_notice
from axo_api.jobs.ending import AttemptEnd, end_attempt
from axo_api.jobs.moves import move
from axo_api.tables import attempts, checkpoints, jobs
from axo_contracts.frames import AttemptEnded, AttemptStarted, Checkpoint, Metric, RunFrame
from axo_contracts.ids import CHECKPOINT, new_id
from axo_contracts.lifecycle import JobStatus
from axo_contracts.standing import Standing


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the journal of one job has gained: the frames that the database must know, and the offset behind them.

    Between the frames is what is to be told of them; `standing` is where they leave the run.
    """

    job_id: str
    frames: Sequence[RunFrame | Notice]
    end: int
    standing: Standing | None = None


def apply_all(connection: Connection, gained: Sequence[Recorded]) -> None:
    """Apply what several journals have gained, in one transaction."""
    for recorded in gained:
        for frame in recorded.frames:
            _apply(connection, recorded.job_id, frame)
        connection.execute(
            update(jobs)
            .where(jobs.c.id == recorded.job_id, jobs.c.journal_applied < recorded.end)
            .values(journal_applied=recorded.end, **_standing(recorded))
        )


def _standing(recorded: Recorded) -> dict[str, Any]:
    return {} if recorded.standing is None else {"standing": msgspec.to_builtins(recorded.standing)}


def _apply(connection: Connection, job_id: str, frame: RunFrame | Notice) -> None:
    match frame:
        case Notice():
            add_notice(connection, job_id, frame)
        case AttemptStarted():
            _start(connection, job_id, frame)
        case Metric():
            _note_progress(connection, job_id, frame)
        case Checkpoint():
            _add_checkpoint(connection, job_id, frame)
        case AttemptEnded():
            end = AttemptEnd(frame.reason, _storable(frame.message), frame.exit_code, frame.signal, frame.log_tail)
            end_attempt(connection, job_id, frame.attempt, end, at=frame.time)
        case _:
            pass


def _start(connection: Connection, job_id: str, frame: AttemptStarted) -> None:
    connection.execute(
        update(attempts)
        .where(attempts.c.job_id == job_id, attempts.c.attempt == frame.attempt)
        .values(started_at=frame.time)
    )
    move(
        connection,
        job_id,
        JobStatus.RUNNING,
        at=now(),
        attempt=frame.attempt,
        expected=JobStatus.STARTING,
        message=_storable(_how_it_starts(frame)),
        started_at=func.coalesce(jobs.c.started_at, frame.time),
    )


def _how_it_starts(frame: AttemptStarted) -> str:
    """Return what a person wants to know of an attempt that goes on from an earlier one, or would have."""
    skipped = [f"Skipped: {reason}." for reason in frame.skipped]
    if frame.resumed_from_step is not None:
        return " ".join([*skipped, f"Goes on from step {frame.resumed_from_step}."])
    return " ".join([*skipped, "Begins anew."]) if skipped else ""


def _storable(text: str) -> str:
    return text.replace("\x00", "\ufffd")  # Postgres takes no NUL in a text


def _note_progress(connection: Connection, job_id: str, frame: Metric) -> None:
    progress: dict[str, Any] = {
        "step": frame.step,
        "max_steps": frame.max_steps,
        "epoch": frame.epoch,
        "progress_at": frame.time,
    }
    if "loss" in frame.values:
        progress["loss"] = frame.values["loss"]
        progress["first_loss"] = func.coalesce(jobs.c.first_loss, frame.values["loss"])
    matching = jobs.c.id == job_id, jobs.c.attempt == frame.attempt
    connection.execute(update(jobs).where(*matching).values(**progress))


def _add_checkpoint(connection: Connection, job_id: str, frame: Checkpoint) -> None:
    row = {
        "id": new_id(CHECKPOINT),
        "job_id": job_id,
        "attempt": frame.attempt,
        "step": frame.step,
        "path": frame.path,
        "bytes": frame.bytes,
        "created_at": frame.time,
        "rule_pending": True,
    }
    _insert_once(connection, checkpoints, row)
    matching = jobs.c.id == job_id, jobs.c.attempt == frame.attempt
    connection.execute(update(jobs).where(*matching).values(losses=0))


def _insert_once(connection: Connection, table: Table, row: dict[str, Any]) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(table).on_conflict_do_nothing(), row)
