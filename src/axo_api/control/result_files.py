"""Makes the result file of each job that has succeeded: what was measured, as a CSV that OpenAI's clients know."""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import DBAPIError

from axo_api.clock import now
from axo_api.dependencies import Parts
from axo_api.files.incoming import IncomingFile
from axo_api.metrics.job_metrics import JobMetrics
from axo_api.metrics.points import MetricPoint, csv_bytes
from axo_api.openai.jobs.measures import TOKENS, measured
from axo_api.tables import files, jobs
from axo_contracts.ids import FILE, new_id
from axo_contracts.lifecycle import JobStatus
from axo_contracts.storage_paths import uploaded_file

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
JOBS_A_ROUND = 100
POINTS_A_WRITE = 10_000
FILENAME = "step_metrics.csv"
PURPOSE = "fine-tune-results"
COLUMNS = {
    "step": "step",
    "train_loss": "train_loss",
    "train_accuracy": "train_mean_token_accuracy",
    "valid_loss": "valid_loss",
    "valid_mean_token_accuracy": "valid_mean_token_accuracy",
}
"""The file's columns, and what each is called among a job's measures."""


async def run_result_files(parts: Parts) -> None:
    """Make result files for ever, woken when a job has moved, and by a clock.

    A crash at any moment costs nothing: a job without its file is found again, and a file without its row is swept.
    """
    woken = parts.job_moved.listen()
    while True:
        try:
            while due := await parts.database.read(_due):
                for job in due:
                    await _make(parts, job.id, job.owner)
        except (DBAPIError, OSError) as error:
            log.warning("result files wait: %s", error)
        await woken.wait(LOOK_SECONDS)


async def _make(parts: Parts, job_id: str, owner: str) -> None:
    storage_root = parts.settings.storage_root
    file_id = new_id(FILE)
    file = await asyncio.to_thread(IncomingFile, storage_root, file_id)
    file.lock()
    try:
        written = await asyncio.to_thread(_write, storage_root, job_id, file)
        await asyncio.to_thread(file.keep, storage_root / uploaded_file(file_id))
        row = {
            "id": file_id,
            "owner": owner,
            "filename": FILENAME,
            "purpose": PURPOSE,
            "bytes": written.bytes,
            "sha256": written.sha256.hexdigest(),
            "rows": written.rows,
            "report": {"rows": written.rows, "bytes": written.bytes, "format": None, "bad_rows": 0, "problems": []},
            "created_at": now(),
            "expires_at": None,
            "suffix": ".csv",
        }
        await parts.database.write(partial(_add, job_id=job_id, file=row, tokens=written.trained_tokens))
    finally:
        await asyncio.to_thread(file.discard)


@dataclass(slots=True)
class _Written:
    bytes: int = 0
    rows: int = 0
    sha256: Any = field(default_factory=hashlib.sha256)
    tokens: dict[int, int] = field(default_factory=dict)  # of each attempt, up to where the next one took over

    @property
    def trained_tokens(self) -> int | None:
        return sum(self.tokens.values()) if self.tokens else None

    def add(self, file: IncomingFile, rows: Sequence[Sequence[Any]]) -> None:
        text = csv_bytes(rows)
        file.write(text)
        self.bytes += len(text)
        self.sha256.update(text)


def _write(storage_root: Path, job_id: str, file: IncomingFile) -> _Written:
    written = _Written()
    written.add(file, [list(COLUMNS)])
    points = JobMetrics.of(storage_root, job_id).points()
    while some := [*islice(points, POINTS_A_WRITE)]:
        rows = [row for row in map(_row, some) if any(value is not None for value in row[1:])]
        written.add(file, rows)
        written.rows += len(rows)
        written.tokens |= {point.attempt: int(tokens) for point in some if (tokens := point.values.get(TOKENS))}
    return written


def _row(point: MetricPoint) -> list[Any]:
    values = {"step": point.step, **measured(point.values)}
    return [values.get(name) for name in COLUMNS.values()]


def _due(connection: Connection) -> Sequence[Row[str, str]]:
    query = select(jobs.c.id, jobs.c.owner).where(
        jobs.c.kind == "train", jobs.c.status == JobStatus.SUCCEEDED, jobs.c.result_file_id.is_(None)
    )
    return connection.execute(query.order_by(jobs.c.id).limit(JOBS_A_ROUND)).all()


def _add(connection: Connection, job_id: str, file: dict[str, Any], tokens: int | None) -> None:
    """Make the file known as its job's result, unless the job has one."""
    mine = update(jobs).where(jobs.c.id == job_id, jobs.c.result_file_id.is_(None))
    if connection.execute(mine.values(result_file_id=file["id"], trained_tokens=tokens)).rowcount == 1:
        connection.execute(insert(files).values(file))
