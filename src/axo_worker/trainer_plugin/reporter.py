"""Says things to the worker: JSON lines through a FIFO. One may get lost; training never fails, or waits long."""

import json
import math
import os
import select
import time
from typing import Any

PATIENCE_SECONDS = 2.0  # a FIFO that stays full for longer has no reader any more


class Reporter:
    """Writes reports into the FIFO at `path`; without a path, or without a reader, it writes nothing."""

    def __init__(self, path: str | None) -> None:
        self._fifo = _open(path) if path else None

    def report(self, kind: str, **fields: Any) -> None:
        """Send one report of type `kind`. Never raises, and waits `PATIENCE_SECONDS` at most."""
        if self._fifo is None:
            return
        line = json.dumps({"type": kind, **fields}, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        try:
            _write(self._fifo, line)
        except OSError:
            self._fifo = None


def split_finite(logs: dict[str, Any]) -> tuple[dict[str, float | None], dict[str, str]]:
    """Return the numbers in `logs`, those that are NaN or infinite as None, and what these were, by name."""
    values: dict[str, float | None] = {}
    non_finite: dict[str, str] = {}
    for name, said in logs.items():
        value = said.item() if getattr(said, "ndim", None) == 0 else said  # a tensor or array of one number
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            continue
        if math.isfinite(value):
            values[name] = value
        else:
            values[name] = None
            non_finite[name] = str(float(value))
    return values, non_finite


def _open(path: str) -> int | None:
    try:
        return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def _write(fifo: int, line: bytes) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while line:
        remaining = deadline - time.monotonic()
        if remaining <= 0 or not select.select([], [fifo], [], remaining)[1]:
            raise TimeoutError("nobody reads the reports")
        try:
            line = line[os.write(fifo, line) :]
        except BlockingIOError:  # the FIFO has room, but less than the line asks for
            time.sleep(0.01)
