"""The whole service, as `axo up` runs it, with a stand-in trainer that knows what time it is."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from axo_cli.demo.stack import free_port
from axo_contracts import storage_paths
from axo_contracts.lifecycle import TERMINAL
from bench.connection import ask, post
from bench.processes import serving
from bench.run import LOOK_SECONDS, PATIENCE_SECONDS, TRAINER, Run
from bench.spec import make_spec


class Stack:
    """A running `axo up` with one idle worker."""

    def __init__(self, home: Path, port: int, spec: dict[str, Any]) -> None:
        self._storage = home / "storage"
        self._submit = post("/v1/jobs", msgspec.json.encode(spec))
        self.port = port
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}")

    def submit(self) -> tuple[str, Run]:
        """Submit a job and return its id, and what will be its run."""
        answer = ask(self.port, self._submit)
        job_id: str = msgspec.json.decode(answer.body)["id"]
        return job_id, Run(self._storage / storage_paths.attempt(job_id, 1))

    def cancel(self, job_id: str) -> None:
        """Cancel a job."""
        ask(self.port, post(f"/v1/jobs/{job_id}/cancel"))

    def wait_until_begun(self, job_id: str) -> None:
        """Wait until the worker knows that the training has begun: before, a cancel would kill it without a word."""
        _wait_until(lambda: "Training begins" in self.http.get(f"/v1/jobs/{job_id}/logs").text, f"{job_id} to begin")

    def wait_for_end(self, job_id: str) -> None:
        """Wait until a job has ended, so that its worker is idle again."""
        _wait_until(lambda: self.http.get(f"/v1/jobs/{job_id}").json()["status"] in TERMINAL, f"{job_id} to end")


@contextmanager
def stack(folder: Path) -> Iterator[Stack]:
    """Start the service with all its state below `folder`, and stop it in the end."""
    home, port = folder / "home", free_port()
    environment = {
        "AXO_TRAINER_COMMAND": msgspec.json.encode(TRAINER).decode(),
        "AXO_HUB__CHECK": "false",
    }
    options = ["up", "--home", str(home), "--port", str(port), "--trainer-python", sys.executable, "--cpu"]
    up = serving("axo_cli", *options, environment=environment, ready="/readyz", log=folder / "up.log", port=port)
    with up as server:
        yield Stack(home, port, make_spec(server.url, folder))


def _wait_until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {PATIENCE_SECONDS} s for {what}")
        time.sleep(LOOK_SECONDS)
