"""A child process that is kept alive: started again when it dies, at once at first, then ever more slowly."""

import signal
import subprocess
import time
from collections.abc import Mapping, Sequence

FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 30.0


class KeptProcess:
    """Runs `command`, with this process's environment or with the one that is given."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._command = command
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._backoff_seconds = FIRST_BACKOFF_SECONDS
        self._asked_by: signal.Signals | None = None

    def is_alive(self) -> bool:
        """Return whether it runs."""
        return self._process is not None and self._process.poll() is None

    def start_if_dead(self) -> None:
        """Start it, unless it runs or died a moment ago."""
        if self.is_alive():
            return
        lived_seconds = time.monotonic() - self._started_at
        if self._process is not None and lived_seconds < self._backoff_seconds:
            return
        is_flapping = self._process is not None and lived_seconds < LONGEST_BACKOFF_SECONDS
        self._backoff_seconds = (
            min(2 * self._backoff_seconds, LONGEST_BACKOFF_SECONDS) if is_flapping else FIRST_BACKOFF_SECONDS
        )
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, env=self._environment)
        self._started_at = time.monotonic()

    def ask_to_leave(self, how: signal.Signals) -> None:
        """Send it a signal, once."""
        if self._process is not None and self._asked_by is not how:
            self._process.send_signal(how)
            self._asked_by = how

    def end(self, seconds: float) -> None:
        """End it: with SIGTERM, and after `seconds` with SIGKILL."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
