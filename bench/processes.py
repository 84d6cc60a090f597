"""The servers that are measured, as child processes that end with the block that they are started in."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from axo_cli.demo.stack import free_port
from axo_cli.embedded.parent_death import die_with_parent

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60.0
STOP_SECONDS = 60.0


class ServerProcess:
    """A running HTTP server."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def cpu_seconds(self) -> float:
        """Return the processor time that it has used since its start."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND

    def memory_bytes(self) -> int:
        """Return what it holds in memory."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * _PAGE_BYTES

    def is_alive(self) -> bool:
        """Return whether it runs."""
        return self._process.poll() is None


@contextmanager
def serving(
    module: str, *options: str, environment: Mapping[str, str], ready: str, log: Path, port: int | None = None
) -> Iterator[ServerProcess]:
    """Run `python -m {module}` and yield it once `ready` answers; its port is in `AXO_PORT`."""
    port = port or free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **environment, "AXO_PORT": str(port)},
            process_group=0,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
    server = ServerProcess(process, port)
    try:
        _wait_until_ready(server, ready, log)
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def running(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command, its output in a pipe, and kill it in the end."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _wait_until_ready(server: ServerProcess, path: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(server.url + path):
        if not server.is_alive() or time.monotonic() > deadline:
            raise RuntimeError(f"The server does not start; it said:\n{log.read_text()}")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.TransportError:
        return False
