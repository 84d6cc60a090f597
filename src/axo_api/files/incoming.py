"""A file on its way in: it has no name that counts until it is whole and on disk. Others read it as it grows."""

import fcntl
import os
from pathlib import Path

from axo_api.durable import sync_folder
from axo_api.files.reading.growing import GrowingFile

FOLDER = Path("files", "incoming")


class Taken(Exception):
    """Somebody else writes into the file."""


class IncomingFile(GrowingFile):
    """A file in the folder for what is not whole yet. A lock says that somebody writes into it.

    Its readers follow the bytes on disk, so they also see what another process has added.
    """

    def __init__(self, storage_root: Path, name: str) -> None:
        folder = storage_root / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / name).open("ab", buffering=0)
        super().__init__(folder / name, os.fstat(self._file.fileno()).st_size)

    def lock(self) -> None:
        """Begin to write, behind all that is there. Raises `Taken`."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Taken from None
        self.grow(os.fstat(self._file.fileno()).st_size)

    def unlock(self) -> None:
        """Let others write."""
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def write(self, data: bytes) -> None:
        """Add bytes. Raises `OSError`; what fitted is kept."""
        rest = memoryview(data)
        while rest:
            written = self._file.write(rest)
            self.grow(self._size + written)
            rest = rest[written:]

    def keep(self, path: Path) -> None:
        """Give the file its name, for good: when this returns, both are on disk. Raises `OSError`."""
        os.utime(self._file.fileno())  # the last byte may be old, and a sweep must know that it was kept just now
        os.fsync(self._file.fileno())
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path.rename(path)
        for folder in (path.parent, path.parent.parent):
            sync_folder(folder)

    def close(self) -> None:
        """Let go of the file, and leave it where it is."""
        if not self.has_ended:
            self.end(is_whole=False)
        self._file.close()

    def discard(self) -> None:
        """Leave nothing of it behind; a file that was kept stays."""
        self.path.unlink(missing_ok=True)
        self.close()
