"""The control plane as a child process, without its control loop: what it serves is what a test has put there."""

import contextlib
import os
import signal
import socket
import time
from pathlib import Path
from typing import Any

import httpx
from tests import api_program

SPEC = {"base_model": "org/model", "datasets": [{"source": {"type": "hub", "repo_id": "org/data"}}]}


class ApiProcess:
    """`python -m axo_api` with all its state below `home`; it can be stopped, killed and started again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.storage_root = home / "storage"
        self.database_url = f"sqlite:///{home}/axo.db"
        self.output = home / "api.txt"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.url, timeout=30)
        self.settings = {
            "AXO_DATABASE_URL": self.database_url,
            "AXO_STORAGE_ROOT": str(self.storage_root),
            "AXO_REDIS_URL": f"unix://{self.home}/no-redis.sock",
            "AXO_PORT": str(self.port),
            "AXO_RUN_CONTROL_LOOP": "false",
            "AXO_HUB__CHECK": "false",
        }
        self._process: api_program.Program | None = None

    def start(self, file_size_limit: int | None = None) -> None:
        """Start it and wait until it answers. No file of it may grow over `file_size_limit` bytes."""
        self._process = api_program.start(os.environ | self.settings, self.output, file_size_limit)
        self._wait_until_it_answers()

    def stop(self) -> float:
        """End it as an operator would, and return how many seconds that took."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """End it for good."""
        self.kill()
        self.http.close()

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.is_alive()

    @property
    def pid(self) -> int:
        """Its process, which must run."""
        assert self._process
        assert self._process.pid
        return self._process.pid

    def memory_bytes(self) -> int:
        """Return what it holds in memory."""
        pages = Path(f"/proc/{self.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def submit(self, **fields: Any) -> str:
        """Submit a job and return its id; nothing will ever run it."""
        answer = self.http.post("/v1/jobs", json=SPEC | fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def _end(self, how: signal.Signals) -> float:
        if self._process is None:
            return 0.0
        started = time.monotonic()
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            os.kill(self.pid, how)
        self._process.join()
        self._process = None
        return time.monotonic() - started

    def _wait_until_it_answers(self) -> None:
        assert self._process
        deadline = time.monotonic() + 100
        while not _answers(self.http):
            assert self._process.is_alive(), self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.05)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").is_success
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
