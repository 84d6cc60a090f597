"""What uploads and deletions that a crash cut short have left on disk, removed when the service starts."""

import asyncio
import fcntl
import logging
import time
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from axo_api.database import Database
from axo_api.files.incoming import FOLDER
from axo_api.tables import files

log = logging.getLogger(__name__)

SETTLED_SECONDS = 3600  # after which a whole file without a row is nobody's any more


async def sweep(database: Database, storage_root: Path) -> int:
    """Remove half files, and contents that no file in the database has; return how many.

    Uploads that go on, in this process or another, are left alone.
    """
    half = await asyncio.to_thread(_remove_half, storage_root / FOLDER)
    settled = await asyncio.to_thread(_settled_contents, storage_root / FOLDER.parent)
    try:
        known = await database.read(lambda connection: set(connection.execute(select(files.c.id)).scalars()))
    except DBAPIError as error:
        log.warning("contents without a file are left for the next start: %s", error)
        return half
    orphans = [path for name, path in settled.items() if name not in known]
    for path in orphans:
        await asyncio.to_thread(path.unlink, missing_ok=True)
    return half + len(orphans)


def _remove_half(folder: Path) -> int:
    return sum(_remove_unless_locked(path) for path in folder.iterdir()) if folder.is_dir() else 0


def _remove_unless_locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    except (BlockingIOError, FileNotFoundError):
        return False
    return True


def _settled_contents(folder: Path) -> dict[str, Path]:
    """Return the contents, by file id, that were stored long enough ago to have a row by now."""
    oldest = time.time() - SETTLED_SECONDS
    contents = (path for path in folder.glob("*/file-*") if path.parent.name != FOLDER.name)
    return {path.name: path for path in contents if path.stat().st_mtime < oldest}
