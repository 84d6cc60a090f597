"""A file that is read while it grows."""

import threading
from collections.abc import Iterator
from pathlib import Path

from axo_api.files.reading.rows import BLOCK_BYTES


class Abandoned(Exception):
    """The file will not become whole; who reads it may stop."""


class GrowingFile:
    """A file whose readers wait for what has not come yet."""

    def __init__(self, path: Path, size: int = 0) -> None:
        self.path = path
        self._grown = threading.Condition()
        self._size = size
        self._ended: bool | None = None  # None: it grows; True: it is whole; False: it is abandoned

    @property
    def size(self) -> int:
        """How many bytes are there."""
        return self._size

    @property
    def has_ended(self) -> bool:
        """Whether nothing comes any more."""
        return self._ended is not None

    def grow(self, size: int) -> None:
        """Say how many bytes are there now."""
        with self._grown:
            self._size = size
            self._grown.notify_all()

    def end(self, *, is_whole: bool) -> None:
        """Say that nothing comes any more."""
        with self._grown:
            self._ended = is_whole
            self._grown.notify_all()

    def blocks(self, block_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
        """Yield the content in blocks, and wait for what has not come yet. Raises `Abandoned`."""
        position = 0
        with self.path.open("rb", buffering=0) as file:
            while self._wait_for(position + block_bytes) > position:
                block = file.read(block_bytes)
                position += len(block)
                yield block

    def whole(self) -> Path:
        """Return where the file lies, once it is whole. Raises `Abandoned`."""
        self._wait_for(None)
        return self.path

    def _wait_for(self, size: int | None) -> int:
        """Wait for a size, or the end; return how much is there."""
        with self._grown:
            self._grown.wait_for(lambda: self._ended is not None or (size is not None and self._size >= size))
            if self._ended is False:
                raise Abandoned
            return self._size
