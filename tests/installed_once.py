"""Programs of others that tests run, each installed once a version into the cache of this machine."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


def installed(name: str, install: Callable[[Path], None]) -> Path:
    """Return the folder `name` of the cache, filled by `install`. Skips the test where that cannot be done."""
    cache = Path(
        os.environ.get("AXO_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "axo"
    )
    folder, complete = cache / name, cache / name / ".complete"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            try:
                install(folder)
            except subprocess.CalledProcessError as error:
                pytest.skip(f"{name} cannot be installed: {error.stderr.decode()[-300:]}")
            complete.touch()
    return folder


def run(command: list[str]) -> None:
    """Run a step of an installation."""
    subprocess.run(command, check=True, capture_output=True)
