"""`python -m axo_api.files.checkers.process`: checks files for its parent, which is on a socket at its standard input.

Each check has a thread. The socket's end is the parent's, however that came, and ends this process at once.
"""

import logging
import os
import resource
import signal
import socket
import threading
from contextlib import suppress
from pathlib import Path

import msgspec

from axo_api.files.checkers.messages import (
    Abandon,
    Answer,
    Begin,
    Broken,
    Checked,
    Grown,
    Order,
    Useless,
    Whole,
    as_line,
)
from axo_api.files.checking.checker import Checker
from axo_api.files.reading.growing import Abandoned, GrowingFile
from axo_api.files.reading.rows import Unfit
from axo_api.settings import Settings
from axo_observability import logs

log = logging.getLogger(__name__)

MOST_DATA_BYTES = 8 * 1024**3
"""What it all takes in memory. The largest rows that may be, of 64 MiB, take two or three GiB at the worst."""

OUT_OF_MEMORY = 75  # the exit code: what it checked is checked again, by another


def main() -> None:
    """Do what the parent says, until its end."""
    for ignored in (signal.SIGINT, signal.SIGTERM):  # the parent, sent them too, still takes in what is on its way
        signal.signal(ignored, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = MOST_DATA_BYTES if hard == resource.RLIM_INFINITY else min(MOST_DATA_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    settings = Settings()
    logs.configure(settings.log_format, settings.log_level)
    _Process(socket.socket(fileno=0)).serve()
    os._exit(0)  # waiting for no check: nobody waits for its answer


class _Process:
    def __init__(self, parent: socket.socket) -> None:
        self._parent = parent
        self._sending = threading.Lock()
        self._checks: dict[int, _Check] = {}

    def serve(self) -> None:
        """Take orders until the parent is gone."""
        decoder = msgspec.json.Decoder(Order)
        try:
            for line in self._parent.makefile("rb"):
                self._take(decoder.decode(line))
        except ConnectionError:
            pass

    def _take(self, order: Order) -> None:
        if isinstance(order, Begin):
            begun = self._checks[order.check] = _Check(order)
            threading.Thread(target=self._run, args=(begun, order.check), daemon=True).start()
        elif check := self._checks.get(order.check):
            check.take(order)

    def _run(self, check: "_Check", number: int) -> None:
        answer = check.answer()
        del self._checks[number]
        if answer:
            with self._sending:
                self._parent.sendall(as_line(answer))


class _Check:
    """One file that is checked."""

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._file = GrowingFile(Path(begin.path))
        self._hashes = Path()

    def take(self, order: Grown | Whole | Abandon) -> None:
        """Hear what has become of the file."""
        match order:
            case Grown():
                self._file.grow(order.size)
            case Whole():
                self._hashes = Path(order.hashes)
                self._file.grow(order.size)
                self._file.end(is_whole=True)
            case Abandon():
                self._file.end(is_whole=False)

    def answer(self) -> Answer | None:
        """Return what is found in the file, or None when it is abandoned."""
        number = self._begin.check
        try:
            checker = Checker(self._file, self._begin.wrapping, self._begin.limits)
            report = checker.check()
            if report.rows:
                self._hashes.parent.mkdir(parents=True, exist_ok=True)
                checker.hashes.write(self._hashes)
            return Checked(number, report)
        except Abandoned:
            return None
        except Unfit as error:
            return Useless(number, str(error))
        except FileNotFoundError as error:  # its client has dropped, and it is removed
            return Broken(number, repr(error), error.errno)
        except MemoryError:  # perhaps for the sake of another check's rows
            with suppress(MemoryError):
                log.exception("the check of %s had no memory", self._begin.path)
            os._exit(OUT_OF_MEMORY)
        except BaseException as error:
            log.exception("the check of %s broke off", self._begin.path)
            return Broken(number, repr(error), error.errno if isinstance(error, OSError) else None)


if __name__ == "__main__":
    main()
