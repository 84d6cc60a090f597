"""One program of a cluster, which a test may kill, freeze and start again."""

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil


class Part:
    """`command` with `environment`; what it prints is added to `output`."""

    def __init__(self, command: list[str], environment: dict[str, str], output: Path) -> None:
        self.command = command
        self.environment = environment
        self.output = output
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, if it does not run."""
        if self.is_alive():
            return
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,
            )

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.is_alive():
            self.send(signal.SIGKILL)
        if self.process:
            self.process.wait()

    def stop(self, how: signal.Signals = signal.SIGTERM, seconds: float = 30) -> float:
        """Ask it to end, and return how many seconds it took."""
        assert self.process
        started = time.monotonic()
        self.send(how)
        self.process.wait(seconds)
        return time.monotonic() - started

    def freeze(self) -> None:
        self.send(signal.SIGSTOP)

    def thaw(self) -> None:
        if self.is_alive():
            self.send(signal.SIGCONT)

    def tree(self) -> list[psutil.Process]:
        """Return its process and all below it."""
        assert self.process
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def said(self) -> str:
        return self.output.read_text() if self.output.exists() else ""
