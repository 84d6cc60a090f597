"""A trainer's process tree, as the worker holds it: through a guard, by pipes."""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from axo_worker import guard

_PIPE_BYTES = 1024 * 1024  # a trainer that prints in bursts need not wait for us
_READ_BYTES = 256 * 1024


class TrainerProcess:
    """Starts `command` under a guard. Nothing of its tree outlives this process, the guard or `lease_seconds`."""

    def __init__(
        self, command: Sequence[str], *, folder: Path, environment: dict[str, str], lease_seconds: float
    ) -> None:
        orders, self._orders = os.pipe()
        self._reports, reports = os.pipe()
        arguments = [str(orders), str(reports), str(lease_seconds), *command]
        self._guard = subprocess.Popen(
            [sys.executable, "-S", "-E", str(guard.__file__), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(orders, reports),
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        os.close(orders)
        os.close(reports)
        assert self._guard.stdout
        assert self._guard.stderr
        self.stdout, self.stderr = self._guard.stdout.fileno(), self._guard.stderr.fileno()
        for fd in (self.stdout, self.stderr):
            os.set_blocking(fd, False)
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._unread = b""
        self.launcher_pid: int | None = None
        self.wait_status: int | None = None
        self.has_expired = False
        self.is_guard_lost = False
        self.is_gone = False

    @property
    def guard_pid(self) -> int:
        """The guard's process."""
        return self._guard.pid

    def wait_until_started(self) -> None:
        """Return when the guard has started the command, or could not."""
        while self.launcher_pid is None and not self.is_gone:
            self.read_reports()

    def fileno(self) -> int:
        """Readable when `read_reports` has something to read."""
        return self._reports

    def read_reports(self) -> None:
        """Take what the guard says; waits when it says nothing. A guard that died has its tree killed from here."""
        received = os.read(self._reports, 4096)
        *lines, self._unread = (self._unread + received).split(b"\n")
        for line in lines:
            match line.decode().split():
                case ["started", pid]:
                    self.launcher_pid = int(pid)
                case ["exit", status]:
                    self.wait_status = int(status)
                case ["expired"]:
                    self.has_expired = True
                case ["gone"]:
                    self.is_gone = True
        if not received and not self.is_gone:
            self.is_guard_lost = True
            self.kill_from_here()

    def prolong(self, seconds: float) -> None:
        """Let the tree live for `seconds` from now, unless it is prolonged again."""
        self._order(f"lease {seconds}")

    def kill(self) -> None:
        """Have the guard kill the whole tree. `is_gone` follows."""
        self._order("kill")

    def kill_from_here(self) -> None:
        """Kill guard and tree without the guard's help, and return when nothing of it lives."""
        while True:
            guard.kill_descendants(os.getpid())
            try:
                while os.waitpid(-1, os.WNOHANG) != (0, 0):
                    continue
            except ChildProcessError:
                break
            time.sleep(0.01)
        self.is_gone = True

    def close(self) -> None:
        """Close the pipes. The tree must be gone."""
        for fd in (self._orders, self._reports):
            os.close(fd)
        assert self._guard.stdout
        assert self._guard.stderr
        self._guard.stdout.close()
        self._guard.stderr.close()
        self._guard.wait()

    def _order(self, line: str) -> None:
        try:
            os.write(self._orders, f"{line}\n".encode())
        except BrokenPipeError:
            return  # the guard is gone, which `read_reports` sees


def read_some(fd: int) -> bytes:
    """Return what can be read at once, and nothing at the end or when there is nothing."""
    try:
        return os.read(fd, _READ_BYTES)
    except BlockingIOError:
        return b""
