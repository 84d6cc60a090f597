"""The demo's own service: `axo up` as a child process, started again when it dies."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from axo_cli.api import Api
from axo_cli.embedded.log_files import last_lines
from axo_cli.embedded.parent_death import die_with_parent
from axo_cli.errors import CliError, Refused, Unreachable

READY_SECONDS = 120.0
STOP_SECONDS = 90.0
FOR_A_TINY_MODEL = {
    "HF_HUB_OFFLINE": "1",  # nothing to fetch
    "OMP_NUM_THREADS": "1",  # too small for threads
    "AXO_TRAINER_HELPER": "false",  # nobody will ask it
    "AXO_SERVING": "false",
}
EARLY_DEATHS = 3  # before it was ready once, after which the demo gives up


class DemoStack:
    """`axo up` in `home`, on a port of its own. What it prints goes to `home/up.log`."""

    def __init__(self, home: Path, trainer_python: Path, say: Callable[[str], None]) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = home / "up.log"
        self._trainer_python = trainer_python
        self._say = say
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._deaths = 0
        self._keeping = threading.Thread(target=self._keep, name="demo-stack", daemon=True)

    def __enter__(self) -> Self:
        self._keeping.start()
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the service in good order, and wait for it."""
        self._stopping.set()
        if process := self._process:
            process.send_signal(signal.SIGINT)
        self._keeping.join(STOP_SECONDS)
        if self._keeping.is_alive() and (process := self._process):
            process.kill()
            self._keeping.join()

    def _keep(self) -> None:
        while not self._stopping.is_set():
            with self._log.open("ab") as log:
                self._process = self._spawn(log.fileno())
            if self._stopping.is_set():
                self._process.send_signal(signal.SIGINT)
            self._process.wait()
            self._deaths += 1
            if not self._stopping.wait(0.5):
                self._say("The service has died; starting it again.")

    def _spawn(self, log: int) -> subprocess.Popen[bytes]:
        options = ["--home", str(self.home), "--port", str(self.port), "--trainer-python", str(self._trainer_python)]
        return subprocess.Popen(
            [sys.executable, "-m", "axo_cli", "up", *options, "--cpu"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **FOR_A_TINY_MODEL},
            process_group=0,  # a Ctrl-C on the terminal is for the demo alone
            preexec_fn=die_with_parent(signal.SIGTERM),
        )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            if self._deaths >= EARLY_DEATHS or time.monotonic() > deadline:
                raise CliError(f"The service does not start. The end of {self._log}:\n{last_lines(self._log)}")
            time.sleep(0.1)

    def _is_ready(self) -> bool:
        with Api(self.url) as api:
            try:
                api.get("/readyz")
            except (Unreachable, Refused):
                return False
        return True


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
