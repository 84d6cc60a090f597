"""A run's frames on this host's disk, a line each; line n is frame n. Written before anything is sent, read to send."""

import os
import threading
from pathlib import Path

MAX_BACKLOG_BYTES = 256 * 1024 * 1024  # of frames not yet sent, at which the trainer's output has to wait
_LONGEST_FRAME_BYTES = 1024 * 1024
_READ_BYTES = 1024 * 1024


class Spool:
    """An append-only file of frames. Appending and reading may go on in different threads."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._grown = threading.Condition()
        self._unwritten = bytearray()
        self._is_woken = False
        self.bytes_written = _drop_torn_line(self._fd)

    def append(self, line: bytes) -> None:
        """Add a frame. It reaches the disk with the next `flush`."""
        self._unwritten += line
        self._unwritten += b"\n"

    def flush(self) -> None:
        """Write what was added, and wake who waits for it. On a full disk it stays in memory until the next call."""
        with self._grown:
            try:
                while self._unwritten:
                    count = os.write(self._fd, self._unwritten)
                    del self._unwritten[:count]
                    self.bytes_written += count
            except OSError:
                return
            finally:
                self._grown.notify_all()

    def backlog_bytes(self, offset: int) -> int:
        """Return how much there is behind `offset`, on disk and in memory."""
        return self.bytes_written - offset + len(self._unwritten)

    def wait_beyond(self, offset: int, seconds: float) -> None:
        """Return when there is something behind `offset`, after a `wake`, and after `seconds` at the latest."""
        with self._grown:
            self._grown.wait_for(lambda: self._is_woken or self.bytes_written > offset, timeout=seconds)
            self._is_woken = False

    def wake(self) -> None:
        """Let who waits, or is about to, look again before its time."""
        with self._grown:
            self._is_woken = True
            self._grown.notify_all()

    def read(self, offset: int, max_bytes: int) -> bytes:
        """Return whole frames from `offset` on, without the last newline: `max_bytes` of them, or one longer one."""
        found = os.pread(self._fd, min(max_bytes, self.bytes_written - offset), offset)
        end = found.rfind(b"\n")
        if end < 0:
            found = os.pread(self._fd, min(_LONGEST_FRAME_BYTES, self.bytes_written - offset), offset)
            end = found.find(b"\n")
        return found[: max(end, 0)]

    def offset_behind(self, seq: int) -> int:
        """Return where the frame after number `seq` begins. Raises EOFError when there are not that many."""
        offset = 0
        while seq > 0:
            block = os.pread(self._fd, _READ_BYTES, offset)
            if not block:
                raise EOFError(f"the spool ends before frame {seq}")
            count = block.count(b"\n")
            if count >= seq:
                lines = block.split(b"\n", seq)
                return offset + len(block) - len(lines[-1])
            seq -= count
            offset += len(block)
        return offset

    def count(self) -> int:
        """Return how many frames are on disk."""
        total, offset = 0, 0
        while block := os.pread(self._fd, _READ_BYTES, offset):
            total += block.count(b"\n")
            offset += len(block)
        return total

    def last_line(self) -> bytes:
        """Return the last frame on disk, or nothing."""
        start = max(0, self.bytes_written - _LONGEST_FRAME_BYTES)
        return os.pread(self._fd, _LONGEST_FRAME_BYTES, start).rstrip(b"\n").rpartition(b"\n")[2]

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


def _drop_torn_line(fd: int) -> int:
    """Cut off a last line that was not written to its end, and return how long the file is then."""
    size = os.fstat(fd).st_size
    start = max(0, size - _LONGEST_FRAME_BYTES)
    end = os.pread(fd, _LONGEST_FRAME_BYTES, start).rfind(b"\n")
    whole = start + end + 1 if end >= 0 else start
    if whole != size:
        os.ftruncate(fd, whole)
    return whole
