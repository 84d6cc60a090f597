"""How much of the storage each owner takes, and may take: uploaded files, checkpoints, and results that are there."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, func, select

from axo_api.artifacts.hashes import read_record
from axo_api.checkpoints.folders import folder_of
from axo_api.database import Database
from axo_api.errors import ApiError
from axo_api.settings import Settings
from axo_api.tables import checkpoints, files, jobs
from axo_contracts import storage_paths

Result = tuple[str, int]
"""A job's id, and its attempt that left the result."""


class QuotaExceeded(ApiError):
    """The owner takes as much of the storage as may be."""

    status = 403
    code = "storage_quota_exceeded"


class Stored(NamedTuple):
    """What an owner has, in bytes. Results are counted without the checkpoints beside them."""

    files: int
    checkpoints: int
    results: int

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self)


class Quota:
    """Knows the limits, and remembers what never changes: the sizes of results, and which checkpoints are gone."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.quota
        self._storage_root = settings.storage_root
        self._sizes: dict[Result, int] = {}
        self._gone: set[str] = set()

    def limit(self, owner: str) -> int | None:
        """Return how much an owner may have, in bytes. None: there is no limit."""
        return self._settings.owners.get(owner, self._settings.bytes)

    async def stored(self, database: Database, owner: str) -> Stored:
        """Return what an owner has."""
        kept = await database.read(partial(_kept, owner=owner))
        await asyncio.to_thread(self._look_at, kept)
        of_checkpoints = sum(row["bytes"] for row in kept.checkpoints if row["id"] not in self._gone)
        return Stored(kept.files, of_checkpoints, sum(self._sizes.get(result, 0) for result in kept.results))

    async def check(self, database: Database, owner: str, *, more: int = 0) -> None:
        """Raise `QuotaExceeded` where an owner has no room for so many bytes `more`, or for anything."""
        limit = self.limit(owner)
        if limit is None:
            return
        stored = await self.stored(database, owner)
        if stored.total + more > limit or stored.total >= limit:
            needed = f", and this needs {more} more" if more else ""
            raise QuotaExceeded(
                f"{owner} has {stored.total} of {limit} bytes{needed} (files {stored.files}, checkpoints "
                f"{stored.checkpoints}, results {stored.results}). Delete what is not needed: DELETE /v1/files/ID, "
                "/v1/models/NAME, /v1/jobs/ID; or ask the operator for more."
            )

    def _look_at(self, kept: "_Kept") -> None:
        """See on disk what the database cannot tell. A checkpoint's row outlives the trainer's rotating it away."""
        for row in kept.checkpoints:
            if row["id"] not in self._gone and not (self._storage_root / folder_of(row)).is_dir():
                self._gone.add(row["id"])
        for result in kept.results:
            if result not in self._sizes and (size := _size(self._storage_root, result)) is not None:
                self._sizes[result] = size


class _Kept(NamedTuple):
    files: int
    checkpoints: Sequence[RowMapping]
    results: Sequence[Result]


def _kept(connection: Connection, owner: str) -> _Kept:
    of_files = select(func.coalesce(func.sum(files.c.bytes), 0)).where(files.c.owner == owner)
    of_owner = jobs.c.owner == owner, checkpoints.c.removed_at.is_(None)
    of_checkpoints = select(checkpoints).join(jobs, jobs.c.id == checkpoints.c.job_id).where(*of_owner)
    results = select(jobs.c.id, jobs.c.result_attempt).where(jobs.c.owner == owner, jobs.c.result_attempt.is_not(None))
    return _Kept(
        int(connection.execute(of_files).scalar_one()),
        connection.execute(of_checkpoints).mappings().all(),
        [(row.id, row.result_attempt) for row in connection.execute(results)],
    )


def _size(storage_root: Path, result: Result) -> int | None:
    """Return what the worker has written of a result; None where it has not yet, or never will."""
    record = read_record(storage_root / storage_paths.attempt(*result))
    return None if record is None else sum(file.bytes for file in record.outputs)
