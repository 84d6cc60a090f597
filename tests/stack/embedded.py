"""A real `axo up`: its queue server, API and worker, with a stand-in or the real trainer, used over HTTP."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import msgspec
import psutil
from redis import Redis
from tests.marked import MARK, marked, runs
from tests.stack.client import ENDED, ROWS, ServiceClient, wait_for

from axo_cli.demo.stack import free_port
from axo_cli.embedded.home import Home

__all__ = ["ENDED", "ROWS", "TRAINERS", "EmbeddedStack", "wait_for"]

TRAINERS = Path(__file__).parent.parent / "trainers"


class EmbeddedStack(ServiceClient):
    """One `axo up` and its home. What it starts carries a marker, so that none of it can hide."""

    def __init__(self, folder: Path, *, trainer: str | None = "obeys_the_control_file", **settings: str) -> None:
        super().__init__(free_port(), folder / "model")
        self.home = folder / "home"
        self.model.mkdir()
        (self.model / "config.json").write_text("{}")
        self.stamps = folder / "stamps.txt"
        self._output = folder / "up.txt"
        self._marker = f"{folder.name}-{os.getpid()}-{self.port}"
        self._environment = {
            **os.environ,
            MARK: self._marker,
            "AXO_TEST_STAMPS": str(self.stamps),
            "AXO_TRAINER_PYTHON": os.environ.get("AXO_TRAINER_PYTHON", sys.executable),
            "AXO_LEASE_SECONDS": "6",
            "AXO_STOP_GRACE_SECONDS": "3",
            "AXO_HUB__CHECK": "false",
            "AXO_TRAINER_HELPER": "false",  # it would import Axolotl beside each test's trainer
            "AXO_SERVING": "false",
            "AXO_TRAINER_PASS_ENV": f'["{MARK}", "AXO_TEST_STAMPS"]',
            **({"AXO_TRAINER_COMMAND": _stand_in(trainer)} if trainer else {}),
            **settings,
        }
        self.process = self._spawn()

    @property
    def storage(self) -> Path:
        return self.home / "storage"

    @property
    def worker_homes(self) -> list[Path]:
        return [self.home / "worker"]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database behind the API's back."""
        address = f"file:{self.home / 'axo.db'}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=10)) as connection:
            return connection.execute(query, values).fetchall()

    def broker(self) -> Redis:
        return Redis.from_url(Home(self.home.absolute()).redis_url)

    def start_again(self) -> None:
        """Start `axo up` on the same home, after its end."""
        self.process.wait(30)
        self.process = self._spawn()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        wait_for(self.answers_ready, lambda: f"the stack to be ready; it said:\n{self.said()}", 120)

    def said(self) -> str:
        return self._output.read_text()

    def process_of(self, part: str) -> psutil.Process:
        """Return the process of a part: queue, api, agent, slot, horse, guard or launcher."""
        return wait_for(lambda: self._find(part), lambda: f"the process of the {part}", 20)

    def processes(self) -> list[psutil.Process]:
        """Return every living process of the stack, wherever it hangs in the process tree."""
        return marked(self._marker)

    def trainers(self) -> list[psutil.Process]:
        """Return the living processes of all runs, guards included."""
        return runs(self._marker)

    def stop(self) -> None:
        """Stop the stack as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(60) == 0, self.said()

    def __enter__(self) -> Self:
        """Wait until it can be used."""
        try:
            self.wait_until_ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.http.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):  # it went with one that was killed before it
                process.kill()

    def _spawn(self) -> subprocess.Popen[bytes]:
        options = ["--home", str(self.home), "--port", str(self.port), "--cpu"]
        with self._output.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "axo_cli", "up", *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment,
                process_group=0,
            )

    def _find(self, part: str) -> psutil.Process | None:
        try:
            found = list(self._candidates(part))
        except (psutil.Error, StopIteration):
            return None
        return found[0] if found else None

    def _candidates(self, part: str) -> Iterator[psutil.Process]:
        sign = {"queue": "valkey-server", "api": "axo_api", "agent": "axo_worker", "guard": "guard.py"}
        match part:
            case "queue" | "api" | "agent":
                children = psutil.Process(self.process.pid).children()
                yield from (child for child in children if sign[part] in " ".join(child.cmdline()))
            case "slot":
                yield from next(self._candidates("agent")).children()
            case "horse":
                yield from next(self._candidates("slot")).children()
            case "guard":
                yield from (process for process in self.trainers() if sign[part] in " ".join(process.cmdline()))
            case "launcher":
                yield from next(self._candidates("guard")).children()


def _stand_in(trainer: str) -> str:
    return msgspec.json.encode([sys.executable, str(TRAINERS / f"{trainer}.py")]).decode()
