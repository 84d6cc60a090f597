"""What could be swept away: uploaded files, and what jobs that have ended long enough ago have left."""

import contextlib
import logging
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Literal

from sqlalchemy import Connection, RowMapping, select

from axo_api.checkpoints.folders import folder_of, is_half
from axo_api.control.result_files import PURPOSE as RESULT_FILE
from axo_api.files.service import live_jobs_using as live_jobs_reading
from axo_api.housekeeping.logs import log_bytes
from axo_api.models.service import live_jobs_using
from axo_api.tables import checkpoints, files, jobs, model_aliases
from axo_contracts import storage_paths
from axo_contracts.lifecycle import TERMINAL
from axo_contracts.outputs import RECORD

log = logging.getLogger(__name__)

Kind = Literal["file", "checkpoint", "log", "scratch"]
SETTLED = timedelta(hours=1)  # after its end, before anything of a job may go: it may still be read to its end
_KEPT_OF_AN_ATTEMPT = {storage_paths.OUTPUTS, storage_paths.CONFIG, RECORD}


@dataclass(frozen=True, slots=True)
class Item:
    """Something that could go. `since` is from when its age counts."""

    kind: Kind
    id: str
    owner: str
    since: datetime
    bytes: int
    job_id: str | None = None
    attempt: int | None = None
    step: int | None = None
    path: PurePosixPath | None = None  # below the storage root


@dataclass(frozen=True, slots=True)
class Known:
    """What the database has of all that could go."""

    files: Sequence[RowMapping]
    checkpoints: Sequence[RowMapping]
    ended_jobs: Sequence[RowMapping]


def known(connection: Connection, at: datetime) -> Known:
    """Return what the database has at a time."""
    ended = jobs.c.status.in_(TERMINAL), jobs.c.ended_at < at - SETTLED
    of_files = select(files.c.id, files.c.owner, files.c.created_at, files.c.bytes)
    of_checkpoints = select(checkpoints, jobs.c.owner, jobs.c.ended_at).join(jobs, jobs.c.id == checkpoints.c.job_id)
    of_jobs = select(jobs.c.id, jobs.c.owner, jobs.c.ended_at)
    return Known(
        connection.execute(of_files.where(files.c.purpose != RESULT_FILE)).mappings().all(),
        connection.execute(of_checkpoints.where(checkpoints.c.removed_at.is_(None), *ended)).mappings().all(),
        connection.execute(of_jobs.where(*ended)).mappings().all(),
    )


def items(found: Known, storage_root: Path, kinds: Set[Kind]) -> Iterator[Item]:
    """Yield what of some kinds could go, with the bytes that this would free; looks at the disk.

    What cannot be looked at is passed over, and logged.
    """
    for row in found.files if "file" in kinds else ():
        yield Item("file", row["id"], row["owner"], row["created_at"], row["bytes"])
    for row in found.checkpoints if "checkpoint" in kinds else ():
        yield from _checkpoint(storage_root, row)
    for row in found.ended_jobs if "log" in kinds else ():
        yield from _log(storage_root, row)
    for row in found.ended_jobs if "scratch" in kinds else ():
        yield from _scratch(storage_root, row)


def is_needed(connection: Connection, item: Item) -> bool:
    """Return whether a job that has not ended uses it, or an alias names it or has named it."""
    match item.kind:
        case "file":
            return bool(live_jobs_reading(connection, item.id, owner=item.owner))
        case "checkpoint":
            assert item.job_id is not None
            assert item.attempt is not None
            named = model_aliases.c.job_id == item.job_id, model_aliases.c.step == item.step
            if connection.execute(select(model_aliases.c.id).where(*named).limit(1)).one_or_none() is not None:
                return True
            return bool(live_jobs_using(connection, storage_paths.attempt(item.job_id, item.attempt)))
        case "log" | "scratch":
            return False


def _checkpoint(storage_root: Path, row: RowMapping) -> Iterator[Item]:
    of_job = {"job_id": row["job_id"], "attempt": row["attempt"], "step": row["step"]}
    with _passed_over(path := folder_of(row)):
        if (storage_root / path).is_dir():  # the trainer may have rotated it away
            yield Item("checkpoint", row["id"], row["owner"], row["ended_at"], row["bytes"], **of_job, path=path)


def _log(storage_root: Path, row: RowMapping) -> Iterator[Item]:
    with _passed_over(journal := storage_paths.journal(row["id"])):
        if size := log_bytes(storage_root / journal):
            yield Item("log", row["id"], row["owner"], row["ended_at"], size, job_id=row["id"], path=journal)


def _scratch(storage_root: Path, row: RowMapping) -> Iterator[Item]:
    with _passed_over(attempts := storage_paths.attempts(row["id"])):
        for path in (storage_root / attempts).glob("*"):
            if path.name.isdecimal():
                yield from _scratch_of_attempt(storage_root, row, attempts / path.name)


def _scratch_of_attempt(storage_root: Path, row: RowMapping, attempt: PurePosixPath) -> Iterator[Item]:
    """Yield what a run has made ready for itself or left half made, and nobody reads again."""
    with _passed_over(attempt):
        for place in _of_no_use(storage_root / attempt):
            path, size = PurePosixPath(place.relative_to(storage_root)), _freed(place)
            yield Item("scratch", str(path), row["owner"], row["ended_at"], size, job_id=row["id"], path=path)


@contextlib.contextmanager
def _passed_over(place: PurePosixPath) -> Iterator[None]:
    """Go on behind the block when it cannot look at a place; of what goes meanwhile, the next look sees the rest."""
    try:
        yield
    except FileNotFoundError:
        return
    except OSError as error:
        log.warning("%s cannot be looked at, and is not swept: %s", place, error)


def _of_no_use(attempt: Path) -> Iterator[Path]:
    yield from (place for place in attempt.iterdir() if place.name not in _KEPT_OF_AN_ATTEMPT)
    yield from (place for place in (attempt / storage_paths.OUTPUTS).glob("*") if is_half(place))


def _freed(place: Path) -> int:
    """Return what removing a file, or a folder, frees: an input that is a link to an uploaded file frees nothing."""
    states = (path.lstat() for path in [place, *place.rglob("*")] if not path.is_dir())
    return sum(state.st_size for state in states if state.st_nlink == 1)
