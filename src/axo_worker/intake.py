"""One of the trainer's two outputs, read as fast as it comes: a burst of lines must not hold the training up."""

import os
from collections import deque

from axo_worker.output import OutputReader

MAX_WAITING_BYTES = 48 * 1024 * 1024  # read and not yet taken; beyond that the trainer waits at its pipe
_SLICE_BYTES = 64 * 1024  # taken in one go: a few milliseconds


class Intake:
    """What was read from the pipe `fd` waits here, in slices, until `take` gives it to the reader."""

    def __init__(self, fd: int, reader: OutputReader) -> None:
        self.fd = fd
        self._reader = reader
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self.is_at_end = False

    @property
    def has_more(self) -> bool:
        """Whether something waits to be taken."""
        return bool(self._waiting)

    def read(self) -> None:
        """Read all that is in the pipe, as long as there is room for it."""
        while self._waiting_bytes < MAX_WAITING_BYTES and not self.is_at_end:
            try:
                received = os.read(self.fd, _SLICE_BYTES)
            except BlockingIOError:
                return
            self._waiting_bytes += len(received)
            if received:
                self._waiting.append(received)
            else:
                self.is_at_end = True

    def take(self) -> None:
        """Turn the next slice into frames."""
        if self._waiting:
            received = self._waiting.popleft()
            self._waiting_bytes -= len(received)
            self._reader.feed(received)

    def finish(self) -> None:
        """Take what is left as the last line."""
        self._reader.finish()
