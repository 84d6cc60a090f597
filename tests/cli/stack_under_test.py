"""A real embedded stack, with stand-in programs as its API and worker."""

import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import psutil

from axo_cli.demo.stack import free_port

PROGRAMS = Path(__file__).parent / "programs"


def wait_until(condition: Callable[[], object], what: str | Callable[[], str], seconds: float = 60.0) -> None:
    """Return as soon as `condition` holds; fail when it does not come to, and say what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain: {what if isinstance(what, str) else what()}")
        time.sleep(0.02)


class StackUnderTest:
    """One `axo up` as a child process, and what it printed."""

    def __init__(
        self, home: Path, *, port: int | None = None, api: str = "standin_api.py", worker: str = "standin_worker.py"
    ) -> None:
        self.home = home
        self.port = port or free_port()
        self.output = home.with_name(f"{uuid.uuid4().hex}.txt")
        program = [sys.executable, str(PROGRAMS / "up_with_standins.py"), str(home), str(self.port)]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*program, str(PROGRAMS / api), str(PROGRAMS / worker)], stdout=output, stderr=output, process_group=0
            )

    def wait_until_up(self) -> None:
        wait_until(lambda: self.has_said("axo is up"), f"the stack to be up; it said:\n{self.said()}")

    def said(self) -> str:
        return self.output.read_text()

    def has_said(self, text: str) -> bool:
        return text in self.said()

    def service(self, name: str) -> psutil.Process:
        """Return the process of the service `queue`, `api` or `worker`; wait for it while it starts again."""
        found: list[psutil.Process] = []

        def look() -> bool:
            found[:] = [child for child in self.services() if self._is(child, name)]
            return bool(found)

        wait_until(look, f"a process of {name}")
        return found[0]

    def services(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def stop(self) -> int:
        """Ask the stack to stop, as Ctrl-C does, and return its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def close(self) -> None:
        """Leave nothing of the stack behind, whatever the test has done to it."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    @staticmethod
    def _is(process: psutil.Process, name: str) -> bool:
        try:
            line = " ".join(process.cmdline())
        except psutil.Error:
            return False
        return {"queue": "valkey-server", "api": "_api.py", "worker": "_worker.py"}[name] in line
