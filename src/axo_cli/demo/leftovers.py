"""What still runs of a stack, found in /proc."""

import os
from pathlib import Path

from axo_cli.embedded.home import Home


def processes_of(home: Home) -> list[int]:
    """Return the ids of the processes that carry the settings of the stack in `home`, trainers included."""
    marks = tuple(os.fsencode(f"{name}={path}") for name, path in _settings(home).items())
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit() and _carries(folder, marks)]


def _settings(home: Home) -> dict[str, Path]:
    return {"AXO_WORKER_HOME": home.worker, "AXO_STORAGE_ROOT": home.storage}


def _carries(process: Path, marks: tuple[bytes, ...]) -> bool:
    try:
        return any(entry in marks for entry in (process / "environ").read_bytes().split(b"\0"))
    except OSError:  # it has ended, or is another user's
        return False
