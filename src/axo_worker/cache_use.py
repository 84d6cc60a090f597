"""Whether models of a host's caches are being read: what reads them holds a lock, which ends with its process."""

import fcntl
import os
from pathlib import Path


def hold(home: Path) -> int:
    """Return a descriptor; until it is closed, `is_held` says so."""
    descriptor = _open(home)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def is_held(home: Path) -> bool:
    """Return whether a model is being served from a worker's caches."""
    descriptor = _open(home)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _open(home: Path) -> int:
    home.mkdir(parents=True, exist_ok=True)
    return os.open(home / "caches.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
