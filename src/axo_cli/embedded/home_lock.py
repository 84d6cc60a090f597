"""One stack a home at a time. The services hold the lock too, so that a successor waits until all of them are gone."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axo_cli.errors import CliError

LEFTOVERS_SECONDS = 20.0  # what a killed stack's services may take to end


@contextmanager
def locked(home: Path) -> Iterator[int]:
    """Hold the lock of `home` and yield its descriptor, which child processes inherit.

    Raises `CliError` when a living stack holds it.
    """
    descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, home)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def is_locked(home: Path) -> bool:
    """Return whether a stack, or a service of a stack that was killed, is alive in `home`."""
    try:
        descriptor = os.open(home / "lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _try(descriptor)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, home: Path) -> None:
    deadline = time.monotonic() + LEFTOVERS_SECONDS
    while not _try(descriptor):
        holder = os.pread(descriptor, 32, 0).strip().decode()
        if _is_alive(holder):
            raise CliError(f"{home} is up already, in process {holder}; stop that one, or name another --home.")
        if time.monotonic() > deadline:
            raise CliError(f"Services of an earlier `axo up` in {home} (process {holder}) do not end.")
        time.sleep(0.05)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(pid: str) -> bool:
    return pid.isdigit() and Path("/proc", pid).exists()
