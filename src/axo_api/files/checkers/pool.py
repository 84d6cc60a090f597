"""The processes that check: made when first needed, kept, and ended with this one."""

import itertools
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from axo_api.files.checkers.check import Check
from axo_api.files.checkers.messages import Abandon, Answer, Begin, Order, as_line
from axo_api.files.reading.unpack import UnpackLimits
from axo_contracts.wrappings import Wrapping

PROGRAM = "axo_api.files.checkers.process"
MOST_PROCESSES = 4
STOP_SECONDS = 5


class Checkers:
    """Checks files, each in the process that has the fewest: one for each processor but the one that receives."""

    def __init__(self, limits: UnpackLimits) -> None:
        self._limits = limits
        self._most = min(MOST_PROCESSES, max(1, len(os.sched_getaffinity(0)) - 1))
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._processes: list[_Process] = []
        self._is_closed = False

    def begin(self, path: Path, wrapping: Wrapping) -> Check:
        """Begin to check a file that grows. Raises `OSError` when no process can be started."""
        check = Check(Begin(next(self._numbers), str(path), wrapping, self._limits))
        self._start(check)
        return check

    def close(self) -> None:
        """End the processes; what they still check has no result."""
        with self._lock:
            self._is_closed = True
            processes, self._processes = self._processes, []
        for process in processes:
            process.stop()

    def _start(self, check: Check) -> None:
        with self._lock:
            process = min(self._processes, key=lambda process: len(process.checks), default=None)
            if process is None or (process.checks and len(self._processes) < self._most):
                process = _Process(self._on_loss)
                self._processes.append(process)
            process.add(check)

    def _on_loss(self, process: "_Process", exit_code: int) -> None:
        """Do again what a process did that was ended from outside."""
        with self._lock:
            if process in self._processes:
                self._processes.remove(process)
        for check in process.checks:  # out of the list, it gets no more
            if self._is_closed:
                check.give_up("the service stops")
            elif not check.may_start_again:
                check.give_up(f"its process was ended again and again, the last time with exit code {exit_code}")
            else:
                self._start_again(check)

    def _start_again(self, check: Check) -> None:
        try:
            self._start(check)
        except OSError as error:
            check.give_up(f"its process was ended, and no other can be started ({error})")


class _Process:
    """One process that checks, and a thread that hears it."""

    def __init__(self, on_loss: Callable[["_Process", int], None]) -> None:
        self._on_loss = on_loss
        self._checks: dict[int, Check] = {}
        self._sending = threading.Lock()
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen([sys.executable, "-m", PROGRAM], stdin=theirs.fileno())
        threading.Thread(target=self._listen, name="checks", daemon=True).start()

    @property
    def checks(self) -> list[Check]:
        """What it does now."""
        return list(self._checks.values())

    def add(self, check: Check) -> None:
        """Do this one too."""
        self._checks[check.number] = check
        check.start(self)

    def take(self, order: Order) -> None:
        """Hand an order on. That nobody is there any more is heard by the thread."""
        if isinstance(order, Abandon):
            self._checks.pop(order.check, None)
        with self._sending, suppress(OSError):
            self._socket.sendall(as_line(order))

    def stop(self) -> None:
        """End it."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _listen(self) -> None:
        decoder = msgspec.json.Decoder(Answer)
        with self._socket, suppress(ConnectionError):
            for line in self._socket.makefile("rb"):
                answer = decoder.decode(line)
                if check := self._checks.pop(answer.check, None):
                    check.end(answer)
        self._on_loss(self, self._process.wait())
