"""Ctrl-C that is heard at the first press."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

INTERRUPTED = 130  # the exit code of what Ctrl-C ended: 128 and the signal's number
AGAIN_SECONDS = 0.2


@contextmanager
def heard_interrupts() -> Iterator[None]:
    """Have Ctrl-C end the block by a `KeyboardInterrupt`, raised again until it does; further presses count as one.

    Python drops an exception that a signal raises within a destructor or a weak reference's callback: without this, a
    press that falls there does nothing. For the main thread only.
    """

    def begin(*_: Any) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS, AGAIN_SECONDS)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, begin), signal.signal(signal.SIGALRM, _interrupt)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGALRM, before[1])


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt
