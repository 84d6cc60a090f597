"""What uploads and deletions that a crash cut short left on disk, removed at the start and now and then."""

import asyncio
import fcntl
import logging
import shutil
import time
from collections.abc import Set
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from axo_api.database import Database
from axo_api.files import service
from axo_api.files.incoming import FOLDER
from axo_api.tables import files
from axo_api.uploads import service as uploads
from axo_api.uploads.receiving import OpenUploads
from axo_contracts.storage_paths import UPLOAD_PARTS

log = logging.getLogger(__name__)

SWEEP_SECONDS = 600.0
SETTLED_SECONDS = 3600  # after which a whole file without a row is nobody's any more


async def sweep(database: Database, storage_root: Path) -> int:
    """Remove half files, and contents that no file in the database has; return how many.

    Uploads that go on, in this process or another, are left alone, and those that may still go on.
    """
    settled = await asyncio.to_thread(_settled_contents, storage_root / FOLDER.parent)
    try:
        await database.write(uploads.expire)
        await database.write(service.forget_expired)
        pending = await database.read(uploads.pending_ids)
        known = await database.read(lambda connection: set(connection.execute(select(files.c.id)).scalars()))
    except DBAPIError as error:
        log.warning("what uploads have left is removed at the next sweep: %s", error)
        return 0
    half = await asyncio.to_thread(_remove_half, storage_root / FOLDER, pending)
    await asyncio.to_thread(_remove_parts, storage_root / UPLOAD_PARTS, pending)
    orphans = [path for path in settled if path.stem not in known]
    for path in orphans:
        await asyncio.to_thread(path.unlink, missing_ok=True)
    return half + len(orphans)


async def keep_swept(database: Database, storage_root: Path, open_uploads: OpenUploads) -> None:
    """Sweep now and then, until cancelled."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        open_uploads.rest()
        try:
            await sweep(database, storage_root)
        except OSError as error:
            log.warning("what uploads have left is removed at the next sweep: %s", error)


def _remove_half(folder: Path, pending: Set[str]) -> int:
    if not folder.is_dir():
        return 0
    return sum(_remove_unless_locked(path) for path in folder.iterdir() if path.name not in pending)


def _remove_unless_locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    except (BlockingIOError, FileNotFoundError):
        return False
    return True


def _remove_parts(folder: Path, pending: Set[str]) -> None:
    for parts in folder.iterdir() if folder.is_dir() else ():
        if parts.name not in pending:
            shutil.rmtree(parts, ignore_errors=True)


def _settled_contents(folder: Path) -> list[Path]:
    """Return what was stored for files long enough ago for these to have a row by now."""
    oldest = time.time() - SETTLED_SECONDS
    contents = (path for path in folder.glob("*/file-*") if path.parent.name != FOLDER.name)
    return [path for path in contents if path.stat().st_mtime < oldest]
