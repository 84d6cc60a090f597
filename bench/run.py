"""A run of the stand-in trainer: what it wrote down, its processes' deaths, and how it runs by itself."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

TRAINER = [sys.executable, "-S", "-E", str(Path(__file__).parent / "programs" / "trainer.py")]
PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 0.002


class Run:
    """A run in `folder`. Times are in nanoseconds, by the clock that all processes of a machine share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def started(self) -> tuple[int, int, int]:
        """Wait for its first instruction, and return when that was, its process and that one's parent."""
        at, pid, parent = self._noted("started")
        return at, pid, parent

    def asked(self) -> int:
        """Wait until it has seen that it is asked to stop, and return when that was."""
        (at,) = self._noted("asked")
        return at

    def _noted(self, what: str) -> list[int]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for line in self._times():
                if line.startswith(what):
                    return [int(number) for number in line.split()[1:]]
            time.sleep(LOOK_SECONDS)
        raise TimeoutError(f"the trainer in {self.folder} has not noted when it was {what}")

    def _times(self) -> list[str]:
        try:
            return (self.folder / "times").read_text().splitlines()
        except FileNotFoundError:
            return []


class BareRun(Run):
    """The limit: the same program, with nothing of axo around it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        folder.mkdir()
        self._control = folder / "control"
        environment = {"AXO_CONTROL": str(self._control), "AXO_REPORTS": os.devnull}
        self._process = subprocess.Popen(TRAINER, cwd=folder, env=environment, stdout=subprocess.DEVNULL)

    def ask(self) -> None:
        """Ask it to stop."""
        self._control.touch()

    def end(self) -> None:
        """Kill it, and wait until it is gone."""
        self._process.kill()
        self._process.wait()


def parent_of(pid: int) -> int:
    """Return the parent of a process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


class Deaths:
    """Watches living processes until all of them are dead."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._descriptors = [os.pidfd_open(pid) for pid in pids]

    def wait(self) -> int:
        """Wait until none of them lives, and return when that was, in nanoseconds."""
        for descriptor in self._descriptors:
            if not select.select([descriptor], [], [], PATIENCE_SECONDS)[0]:
                raise TimeoutError("a process does not die")
        died_at = time.monotonic_ns()
        for descriptor in self._descriptors:
            os.close(descriptor)
        return died_at
