"""The journals that the control loop has open, and which attempt of each job may still write into its own."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, select

from axo_api.control.teller import Teller
from axo_api.database import Database
from axo_api.journals.journal import Journal
from axo_api.metrics.metric_log import MetricLog
from axo_api.tables import jobs
from axo_contracts.lifecycle import ON_A_WORKER
from axo_contracts.standing import Standing, standing_from_json
from axo_contracts.storage_paths import journal as journal_path
from axo_contracts.storage_paths import metrics as metrics_path


@dataclass(slots=True, eq=False)
class Record:
    """One job's journal, and its metrics once there are some.

    Frames of `attempt` are taken while `is_open`, beginning behind `newest_seq`. Whoever has the `turn` adds to both or
    closes them: what the journal has got, the metrics get too.
    """

    job_id: str
    journal: Journal
    teller: Teller
    attempt: int = 0
    is_open: bool = False
    newest_seq: int = 0
    newest_event: int = 0
    is_closed: bool = False
    metrics: MetricLog | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def begin(self, attempt: int, teller: Teller) -> None:
        """Take the frames of `attempt` from now on."""
        self.attempt, self.is_open, self.teller = attempt, True, teller
        self.newest_seq = self.journal.last_seq if self.journal.last_attempt == attempt else 0

    def add(self, lines: Sequence[bytes]) -> None:
        """Append frames of a run, the next in its order. Raises `OSError` and keeps none when the disk is full."""
        self.journal.append(b"\n".join(lines) + b"\n")
        self.newest_seq += len(lines)

    def sync(self) -> None:
        """Return when all that was added is on disk."""
        self.journal.sync()
        if self.metrics is not None:
            self.metrics.sync()


class Records:
    """The records of the jobs that are followed, opened when first needed."""

    def __init__(self, database: Database, storage_root: Path, progress_seconds: float) -> None:
        self._database = database
        self._storage_root = storage_root
        self._progress_seconds = progress_seconds
        self._records: dict[str, Record] = {}

    async def taking(self, job_id: str, attempt: int) -> Record | None:
        """Return the record that takes the frames of an attempt. None: it is not, or no longer, the job's."""
        record = self._records.get(job_id)
        if record is None or record.attempt < attempt:
            standing = await self._database.read(lambda connection: _standing(connection, job_id))
            if standing is None or standing[:2] != (attempt, True):
                return None
            record = self.begin(job_id, attempt, standing[2])
        return record if record.is_open and record.attempt == attempt else None

    def begin(self, job_id: str, attempt: int, known: Standing | None) -> Record:
        """Return a job's record, which takes the frames of `attempt` from now on. `known`: where its run stood."""
        record = self.open(job_id)
        of_attempt = known if known and known.attempt == attempt else None
        record.begin(attempt, Teller(self._progress_seconds, of_attempt))
        return record

    def open(self, job_id: str) -> Record:
        """Return a job's record, whatever its state."""
        record = self._records.get(job_id)
        if record is None:
            journal = Journal.open(self._storage_root / journal_path(job_id))
            teller = Teller(self._progress_seconds)
            record = self._records[job_id] = Record(job_id, journal, teller, newest_event=journal.last_event)
        return record

    async def open_metrics(self, record: Record) -> None:
        """Open a record's metrics, brought up to its journal. Raises `OSError`."""
        if record.metrics is None:
            path, journal = (
                self._storage_root / metrics_path(record.job_id),
                self._storage_root / journal_path(record.job_id),
            )
            record.metrics = await asyncio.to_thread(MetricLog.open, path, journal)
            if record.is_closed:
                record.metrics.close()

    def end_attempt(self, job_id: str, attempt: int) -> None:
        """Take no more frames of an attempt."""
        record = self._records.get(job_id)
        if record is not None and record.attempt == attempt:
            record.is_open = False

    async def close(self, job_id: str, *, sync: bool = True) -> None:
        """Close what is open of a job that no worker has."""
        record = self._records.pop(job_id, None)
        if record is None:
            return
        record.is_closed = True
        async with record.turn:
            if sync:
                await asyncio.to_thread(record.sync)
            record.journal.close()
            if record.metrics is not None:
                record.metrics.close()

    async def close_all(self) -> None:
        """Close every journal."""
        for job_id in list(self._records):
            await self.close(job_id)


def _standing(connection: Connection, job_id: str) -> tuple[int, bool, Standing | None] | None:
    query = select(jobs.c.attempt, jobs.c.status, jobs.c.standing).where(jobs.c.id == job_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.attempt, row.status in ON_A_WORKER, standing_from_json(row.standing))
