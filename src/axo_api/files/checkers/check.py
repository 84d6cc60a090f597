"""One file that another process checks while it comes in."""

import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

from axo_api.errors import Unavailable
from axo_api.files.checkers.messages import Abandon, Answer, Begin, Broken, Checked, Grown, Order, Useless, Whole
from axo_api.files.reading.rows import Unfit
from axo_api.files.report import Report

STEP_BYTES = 1024 * 1024
"""How far a file grows until that is said again: each time the check makes way to hear it."""

MOST_TRIES = 3


class Taker(Protocol):
    """Who does the check."""

    def take(self, order: Order) -> None:
        """Take an order; without a word when it is no longer there."""


class Check:
    """What a file's writer says, and the result. All of it is said again to the next process when one was ended."""

    def __init__(self, begin: Begin) -> None:
        self.number = begin.check
        self.report: Future[Report] = Future()
        self._begin = begin
        self._reached: Grown | Whole = Grown(begin.check, -STEP_BYTES)
        self._taker: Taker | None = None
        self._tries = 0
        self._lock = threading.Lock()

    def start(self, taker: Taker) -> None:
        """Have it done from the file's start, by `taker`."""
        with self._lock:
            self._taker = taker
            self._tries += 1
            taker.take(self._begin)
            taker.take(self._reached)

    @property
    def may_start_again(self) -> bool:
        """Whether it was not cut short so often that the file itself may be why."""
        return self._tries < MOST_TRIES

    def grown(self, size: int) -> None:
        """Say how many bytes of the file are there."""
        if size >= self._reached.size + STEP_BYTES:
            self._reach(Grown(self.number, size))

    def whole(self, size: int, hashes: Path) -> None:
        """Say that the file is whole, and where to put the hashes of its rows."""
        self._reach(Whole(self.number, size, str(hashes)))

    def abandon(self) -> None:
        """Say that nobody wants to know any more."""
        if self.report.cancel() and self._taker:
            self._taker.take(Abandon(self.number))

    def raise_if_failed(self) -> None:
        """Raise what is wrong with the file as a whole, if that is known: `Unfit`, `OSError`, `Unavailable`."""
        if self.report.done():
            self.report.result()

    def end(self, answer: Answer) -> None:
        """Take the result."""
        if not self.report.set_running_or_notify_cancel():
            return
        match answer:
            case Checked():
                self.report.set_result(answer.report)
            case Useless():
                self.report.set_exception(Unfit(answer.reason))
            case Broken(errno=None):
                self.report.set_exception(RuntimeError(answer.error))
            case Broken():
                self.report.set_exception(OSError(answer.errno, answer.error))

    def give_up(self, why: str) -> None:
        """Say that there will be no result."""
        if self.report.set_running_or_notify_cancel():
            self.report.set_exception(Unavailable(f"The check of this file was cut short: {why}. Send it again."))

    def _reach(self, reached: Grown | Whole) -> None:
        with self._lock:
            self._reached = reached
            if self._taker:
                self._taker.take(reached)
