"""One append-only file of whole lines, with one writer."""

import os
from pathlib import Path
from typing import Self

from axo_api.durable import sync_folder
from axo_api.journals.reading import whole_end


class LineFile:
    """An open file, at whose end whole lines are added. `end` is the offset behind the last line."""

    def __init__(self, descriptor: int, end: int, unsynced_folder: Path | None = None) -> None:
        self._descriptor = descriptor
        self._unsynced_folder = unsynced_folder
        self.end = end

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file at `path`, made when it is not there yet, and cut off a last line that a crash has torn.

        Raises `OSError`.
        """
        is_new = not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            end = whole_end(descriptor)
            os.ftruncate(descriptor, end)
            return cls(descriptor, end, unsynced_folder=path.parent if is_new else None)
        except BaseException:
            os.close(descriptor)
            raise

    def append(self, lines: bytes) -> tuple[int, int]:
        """Add `lines`, each with its newline, and return the offsets where they start and end.

        Raises `OSError` when the disk does not take all of them; then none is kept.
        """
        if lines and not lines.endswith(b"\n"):
            raise ValueError("only whole lines are taken")
        start = self.end
        written = 0
        try:
            while written < len(lines):
                written += os.pwrite(self._descriptor, lines[written:] if written else lines, start + written)
        except OSError:
            os.ftruncate(self._descriptor, start)
            raise
        self.end = start + written
        return start, self.end

    def sync(self) -> None:
        """Return when all that was appended is on disk."""
        os.fdatasync(self._descriptor)
        if self._unsynced_folder is not None:
            sync_folder(self._unsynced_folder)
            sync_folder(self._unsynced_folder.parent)
            self._unsynced_folder = None

    def close(self) -> None:
        """Close the file, without a sync."""
        os.close(self._descriptor)
