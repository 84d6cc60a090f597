"""A file on its way in: it has no name that counts until it is whole and on disk."""

import fcntl
import hashlib
import os
from pathlib import Path

from axo_api.durable import sync_folder

FOLDER = Path("files", "incoming")


class IncomingFile:
    """Writes into the folder for what is not whole yet, and hashes on the way. A lock says that somebody still does."""

    def __init__(self, storage_root: Path, name: str) -> None:
        folder = storage_root / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / name
        self._file = self._path.open("xb", buffering=0)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """The hash of all that was written, in hexadecimal."""
        return self._hash.hexdigest()

    def write(self, data: bytes) -> None:
        """Add bytes. Raises `OSError`."""
        self._hash.update(data)
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]

    def keep(self, path: Path) -> None:
        """Give the file its name, for good: when this returns, both are on disk. Raises `OSError`."""
        os.fsync(self._file.fileno())
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path.rename(path)
        for folder in (path.parent, path.parent.parent):
            sync_folder(folder)

    def discard(self) -> None:
        """Leave nothing of it behind; a file that was kept stays."""
        self._path.unlink(missing_ok=True)
        self._file.close()
