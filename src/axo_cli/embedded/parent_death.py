"""Child processes that do not outlive their parent, however it ends."""

import ctypes
import os
import signal
from collections.abc import Callable

_LIBC = ctypes.CDLL(None, use_errno=True)  # loaded ahead: between fork and exec nothing may be imported
_PR_SET_PDEATHSIG = 1


def die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """Return a `preexec_fn` that makes the kernel send `death_signal` to the child when its parent dies.

    The parent is the thread that starts it, so start it from one that lives as long as the child shall.
    """
    parent = os.getpid()

    def arm() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return arm
