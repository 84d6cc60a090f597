"""Who uses a GPU of this host: a run, or the serving process, which gives it back as soon as a run wants it.

Two locked files a GPU below the worker's home: `wanted`, which runs share, and `held`. A lock ends with its process.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

PATIENCE_SECONDS = 15.0  # after which a run starts, also when what serves does not leave
_LOOK_SECONDS = 0.05


class Loan:
    """A GPU that no run has or wants, until `close`."""

    def __init__(self, gpu: int, wanted: int, held: int) -> None:
        self.gpu = gpu
        self._wanted = wanted
        self._held = held

    @classmethod
    def take(cls, home: Path, gpus: Iterable[int]) -> Self | None:
        """Return the first of `gpus` that is free, or None."""
        for gpu in gpus:
            wanted, held = _open(home, gpu, "wanted"), _open(home, gpu, "held")
            if not _is_locked(wanted) and _lock(held, fcntl.LOCK_EX):
                return cls(gpu, wanted, held)
            os.close(wanted)
            os.close(held)
        return None

    @property
    def is_wanted(self) -> bool:
        """Whether a run waits for it."""
        return _is_locked(self._wanted)

    def close(self) -> None:
        """Give it back. Nothing of ours may be on it any more."""
        os.close(self._wanted)
        os.close(self._held)


@contextlib.contextmanager
def taken(home: Path, gpus: Iterable[int]) -> Iterator[None]:
    """Have these GPUs for a run: whoever borrowed one is asked for it, and waited for."""
    with contextlib.ExitStack() as files:
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        for gpu in gpus:
            wanted, held = _open(home, gpu, "wanted"), _open(home, gpu, "held")
            files.callback(os.close, wanted)
            files.callback(os.close, held)
            fcntl.flock(wanted, fcntl.LOCK_SH)
            while not _lock(held, fcntl.LOCK_SH) and time.monotonic() < give_up_at:
                time.sleep(_LOOK_SECONDS)
        yield


def _open(home: Path, gpu: int, what: str) -> int:
    folder = home / "gpus"
    folder.mkdir(parents=True, exist_ok=True)
    return os.open(folder / f"{gpu}.{what}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _is_locked(fd: int) -> bool:
    if not _lock(fd, fcntl.LOCK_EX):
        return True
    fcntl.flock(fd, fcntl.LOCK_UN)
    return False


def _lock(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
