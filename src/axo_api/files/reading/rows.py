"""What readers yield: rows as JSON text, and the places where there is none."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

MAX_ROW_BYTES = 64 * 1024 * 1024
BLOCK_BYTES = 128 * 1024
"""How much is read at once. A block and what is decoded of it stay in the processor's cache, not those of 256 KiB."""


class Rows(NamedTuple):
    """Rows that follow each other, as JSON text; a blank one is no row."""

    rows: list[bytes]
    lines: Sequence[int]
    may_be_cut: bool = False  # the file ends without an end of the last row


class Unreadable(NamedTuple):
    """A row that cannot be taken from its file."""

    line: int
    reason: str
    excerpt: bytes


class Unfit(ValueError):
    """Why nothing of a file can be used, in one sentence."""


class Source(Protocol):
    """A file to read, which may still be growing."""

    def blocks(self) -> Iterator[bytes]:
        """Yield the content in blocks; wait for what has not come yet."""

    def whole(self) -> Path:
        """Return where the file lies, once it is whole."""


class StoredFile:
    """A file that is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def blocks(self) -> Iterator[bytes]:
        """Yield the content in blocks."""
        with self._path.open("rb", buffering=0) as file:
            while block := file.read(BLOCK_BYTES):
                yield block

    def whole(self) -> Path:
        """Return where the file lies."""
        return self._path


def too_long(line: int, size: int, start: bytes) -> Unreadable:
    """Return what is said of a row over the limit."""
    return Unreadable(line, f"It has {size:,} bytes; a row may have {MAX_ROW_BYTES:,}.", start[:1024])
