"""What the services print, in files that do not grow without limit."""

import shutil
from pathlib import Path

LIMIT_BYTES = 10 * 1024 * 1024


def bound(log: Path, limit_bytes: int = LIMIT_BYTES) -> None:
    """Move the content of a log that is too long to `{log}.1`. Its writers append, so they go on at its start."""
    if not log.exists() or log.stat().st_size <= limit_bytes:
        return
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    with log.open("r+b") as file:
        file.truncate(0)


def last_lines(log: Path, count: int = 15, limit_bytes: int = 16 * 1024) -> str:
    """Return the last lines of a log."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - limit_bytes))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-count:])
