"""When a run has gone on for too long, or for too long without a step."""

import time

from axo_contracts.lifecycle import EndReason
from axo_contracts.orders import RunOrder


class Watchdog:
    """Keeps the time of one run, by a clock that nobody can set.

    While the trainer makes steps only these count as signs of life; before the first and after the last one, when it
    reads data, loads the model or saves, anything that it says does.
    """

    def __init__(self, order: RunOrder) -> None:
        now = time.monotonic()
        self._stall_seconds = order.stall_seconds
        self._ends_at = None if order.runtime_left_seconds is None else now + order.runtime_left_seconds
        self._last_sign = now
        self.is_stepping = False

    def saw_step(self) -> None:
        """Note that the trainer got on."""
        self._last_sign = time.monotonic()

    def saw_output(self) -> None:
        """Note that the trainer said something."""
        if not self.is_stepping:
            self._last_sign = time.monotonic()

    def due(self) -> EndReason | None:
        """Return why the run has to end now, if it has to."""
        now = time.monotonic()
        if self._ends_at is not None and now >= self._ends_at:
            return EndReason.TIMED_OUT
        return EndReason.STALLED if now >= self._last_sign + self._stall_seconds else None

    def next_look_at(self) -> float:
        """Return the moment before which nothing can be due."""
        stalls_at = self._last_sign + self._stall_seconds
        return stalls_at if self._ends_at is None else min(stalls_at, self._ends_at)
