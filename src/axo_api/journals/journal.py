"""The one writer of a job's journal: one append-only file, a frame a line."""

import os
from pathlib import Path
from typing import Self

import msgspec

from axo_api.durable import sync_folder
from axo_api.journals.reading import blocks_backwards, prefix_of, whole_end

_OF_JOB = (prefix_of("status"), prefix_of("end"))


class _Numbered(msgspec.Struct):
    attempt: int = 0
    seq: int = 0
    event: int = 0


class Journal:
    """An open journal, at whose end whole lines are added. A job's journal has one of these at a time.

    `end` is the offset behind the last line. `last_attempt` and `last_seq` are those of the newest frame that a run
    said, and `last_event` the number of the newest `status` or `end`, as found when the journal was opened (0: none).
    """

    def __init__(self, descriptor: int, end: int, unsynced_folder: Path | None = None) -> None:
        self._descriptor = descriptor
        self._unsynced_folder = unsynced_folder
        self.end = end
        self.last_attempt, self.last_seq, self.last_event = _newest_numbers(descriptor, end)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the journal at `path`, made when it is not there yet, and cut off a last line that a crash has torn.

        Raises `OSError`, and `msgspec.DecodeError` when its newest line is no frame.
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
            raise ValueError("a journal takes whole lines only")
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


def _newest_numbers(descriptor: int, end: int) -> tuple[int, int, int]:
    newest: dict[bool, _Numbered] = {}
    for _, block in blocks_backwards(descriptor, end):
        for is_of_job in {True, False} - newest.keys():
            lines = [line for line in block.splitlines() if line.startswith(_OF_JOB) is is_of_job]
            if lines:
                newest[is_of_job] = msgspec.json.decode(lines[-1], type=_Numbered)
        if len(newest) == 2:
            break
    run, of_job = newest.get(False, _Numbered()), newest.get(True, _Numbered())
    return run.attempt, run.seq, of_job.event
