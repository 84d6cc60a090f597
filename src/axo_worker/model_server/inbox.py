"""What the worker tells the serving process: completions, one at a time, and that one is not wanted any more."""

import json
import os
import queue
import threading
from typing import Any


class Inbox(threading.Thread):
    """Reads lines from `fd` and ends the process with them, so that it does not outlive who asks."""

    def __init__(self, fd: int) -> None:
        super().__init__(name="inbox", daemon=True)
        self._fd = fd
        self._waiting: queue.Queue[dict[str, Any]] = queue.Queue()
        self._cancelled = threading.Event()

    def run(self) -> None:
        with os.fdopen(self._fd, "rb") as lines:
            for line in lines:
                told = json.loads(line)
                if told == "cancel":
                    self._cancelled.set()
                else:
                    self._cancelled.clear()  # the worker asks for the next when this one has ended
                    self._waiting.put(told)
        os._exit(0)

    def next(self) -> dict[str, Any]:
        """Wait for a completion."""
        return self._waiting.get()

    def is_cancelled(self) -> bool:
        """Return whether the newest completion is not wanted any more."""
        return self._cancelled.is_set()
