"""What this host keeps of hubs, for every run to come: what was not used for long, or is too much, goes between runs.

`python -m axo_worker.caches --dry-run` lists what would go, and why.
"""

import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import structlog

from axo_worker import cache_use
from axo_worker.settings import Settings
from axo_worker.trainer_environment import hub_cache

LOOK_SECONDS = 3600.0
_DAY_SECONDS = 24 * 3600
_GOING = ".going"

log = structlog.get_logger()


class Cached(NamedTuple):
    """A model or a data set in the cache. `used_at` is when any file of it was last read or written."""

    path: Path
    bytes: int
    used_at: float  # seconds since 1970


class Going(NamedTuple):
    """A cached thing that is to go, and why."""

    cached: Cached
    why: str


class CacheKeeper:
    """Sweeps a worker's caches now and then, while none of its runs lives and no model is served."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._next_at = 0.0

    def look(self) -> None:
        """Begin a sweep in a thread of its own, if it is time for that and nothing runs here."""
        keep = self._settings
        if (keep.cache_days is None and keep.cache_bytes is None) or time.monotonic() < self._next_at:
            return
        if _is_idle(keep.worker_home):
            self._next_at = time.monotonic() + LOOK_SECONDS
            threading.Thread(target=sweep, args=(keep,), name="caches", daemon=True).start()


def sweep(settings: Settings) -> None:
    """Remove what is to go, as long as nothing runs here. A cache that cannot be read is left for the next time."""
    if not _is_idle(settings.worker_home):
        return
    try:
        _remove_leftovers(hub_cache(settings))
        for going in what_would_go(settings):
            if not _is_idle(settings.worker_home):
                return
            log.info("a cached model or data set goes", path=str(going.cached.path), why=going.why)
            _remove(going.cached.path)
    except OSError as error:
        log.warning("the caches are swept later", error=str(error))


def what_would_go(settings: Settings) -> list[Going]:
    """Return what is to go by the worker's rules, that which was not used for longest first."""
    found = sorted(_cached(hub_cache(settings)), key=lambda one: one.used_at)
    return [*_chosen(found, settings, time.time())]


def _chosen(found: Sequence[Cached], settings: Settings, now: float) -> Iterator[Going]:
    left = sum(one.bytes for one in found)
    for one in found:
        if settings.cache_days is not None and one.used_at < now - settings.cache_days * _DAY_SECONDS:
            yield Going(one, f"not used for {settings.cache_days:g} days")
        elif settings.cache_bytes is not None and left > settings.cache_bytes:
            yield Going(one, f"{left} bytes are cached, {settings.cache_bytes} are kept, and it rested longest")
        else:
            continue
        left -= one.bytes


def _cached(cache: Path) -> Iterator[Cached]:
    for path in cache.glob("[!.]*--*"):
        states = [file.lstat() for file in path.rglob("*") if not file.is_dir()]
        if states:
            used_at = max(max(one.st_atime, one.st_mtime) for one in states)
            yield Cached(path, sum(one.st_size for one in states), used_at)


def _is_idle(home: Path) -> bool:
    runs = home / "runs"
    return not (runs.is_dir() and any(runs.iterdir())) and not cache_use.is_held(home)


def _remove(path: Path) -> None:
    """Take a name away at once, so that a run that begins now finds all of it or nothing."""
    going = path.with_name(f".{path.name}{_GOING}")  # hidden, as no hub's repository is
    path.rename(going)
    shutil.rmtree(going, ignore_errors=True)


def _remove_leftovers(cache: Path) -> None:
    """Finish what a sweep began that was cut short. Another sweep may be at it, too."""
    for going in cache.glob(f".*--*{_GOING}"):
        shutil.rmtree(going, ignore_errors=True)


def main() -> None:
    """List what would go; without `--dry-run`, remove it unless something runs here."""
    settings = Settings()
    for going in what_would_go(settings):
        print(f"{going.cached.path}  {going.cached.bytes} bytes: {going.why}")
    if "--dry-run" not in sys.argv[1:]:
        sweep(settings)


if __name__ == "__main__":
    main()
