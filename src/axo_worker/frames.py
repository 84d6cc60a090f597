"""Numbers what a run says, and puts it into the run's spool."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal, TypedDict

from axo_contracts.frames import Log, RunFrame, encode
from axo_worker.spool import Spool


class Stamp(TypedDict):
    """The fields that every frame has."""

    attempt: int
    seq: int
    time: datetime


class FrameWriter:
    """Writes one attempt's frames, from any thread, numbered without a gap from `next_seq` on."""

    def __init__(self, spool: Spool, attempt: int, *, next_seq: int = 1) -> None:
        self._spool = spool
        self._attempt = attempt
        self._lock = threading.Lock()
        self._began = datetime.now(UTC) - timedelta(seconds=time.monotonic())
        self.next_seq = next_seq

    def write(self, frame: Callable[[Stamp], RunFrame]) -> None:
        """Add the frame that `frame` makes of its stamp. It is sent after the next `flush`."""
        with self._lock:
            stamp = Stamp(attempt=self._attempt, seq=self.next_seq, time=self._now())
            self._spool.append(encode(frame(stamp)))
            self.next_seq += 1

    def flush(self) -> None:
        """Hand what was written to the spool's file, and so to the sender."""
        with self._lock:
            self._spool.flush()

    def send(self, frame: Callable[[Stamp], RunFrame]) -> None:
        """Write a frame, and have it sent at once."""
        self.write(frame)
        self.flush()

    def say(self, text: str, source: Literal["worker"] = "worker") -> None:
        """Send a log line of the worker's own."""
        self.send(lambda stamp: Log(**stamp, text=text, source=source))

    def _now(self) -> datetime:
        """Return the time as it was at the start, and what has passed since: a clock that is set is not followed."""
        return self._began + timedelta(seconds=time.monotonic())
