"""A file on its way in: it has no name that counts until it is whole and on disk. Others read it as it grows."""

import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from axo_api.durable import sync_folder
from axo_api.files.reading.rows import BLOCK_BYTES

FOLDER = Path("files", "incoming")


class Abandoned(Exception):
    """The file will not become whole; who reads it may stop."""


class Taken(Exception):
    """Somebody else writes into the file."""


class IncomingFile:
    """A file in the folder for what is not whole yet. A lock says that somebody writes into it.

    Its readers follow the bytes on disk, so they also see what another process has added.
    """

    def __init__(self, storage_root: Path, name: str) -> None:
        folder = storage_root / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / name
        self._file = self.path.open("ab", buffering=0)
        self._grown = threading.Condition()
        self._size = os.fstat(self._file.fileno()).st_size
        self._ended: bool | None = None  # None: it grows; True: it is whole; False: it is abandoned

    @property
    def size(self) -> int:
        """How many bytes are there."""
        return self._size

    def lock(self) -> None:
        """Begin to write, behind all that is there. Raises `Taken`."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Taken from None
        self._grow(os.fstat(self._file.fileno()).st_size)

    def unlock(self) -> None:
        """Let others write."""
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def write(self, data: bytes) -> None:
        """Add bytes. Raises `OSError`; what fitted is kept."""
        rest = memoryview(data)
        while rest:
            written = self._file.write(rest)
            self._grow(self._size + written)
            rest = rest[written:]

    def end(self, *, is_whole: bool) -> None:
        """Say that nothing comes any more."""
        with self._grown:
            self._ended = is_whole
            self._grown.notify_all()

    def blocks(self) -> Iterator[bytes]:
        """Yield the content in blocks, and wait for what has not come yet. Raises `Abandoned`."""
        position = 0
        with self.path.open("rb", buffering=0) as file:
            while self._wait_for(position + BLOCK_BYTES) > position:
                block = file.read(BLOCK_BYTES)
                position += len(block)
                yield block

    def whole(self) -> Path:
        """Return where the file lies, once it is whole. Raises `Abandoned`."""
        self._wait_for(None)
        return self.path

    def keep(self, path: Path) -> None:
        """Give the file its name, for good: when this returns, both are on disk. Raises `OSError`."""
        os.fsync(self._file.fileno())
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path.rename(path)
        for folder in (path.parent, path.parent.parent):
            sync_folder(folder)

    def close(self) -> None:
        """Let go of the file, and leave it where it is."""
        if self._ended is None:
            self.end(is_whole=False)
        self._file.close()

    def discard(self) -> None:
        """Leave nothing of it behind; a file that was kept stays."""
        self.path.unlink(missing_ok=True)
        self.close()

    def _grow(self, size: int) -> None:
        with self._grown:
            self._size = size
            self._grown.notify_all()

    def _wait_for(self, size: int | None) -> int:
        """Wait for a size, or the end; return how much is there."""
        with self._grown:
            self._grown.wait_for(lambda: self._ended is not None or (size is not None and self._size >= size))
            if self._ended is False:
                raise Abandoned
            return self._size
