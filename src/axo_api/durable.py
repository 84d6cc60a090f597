"""Making files and their names survive a power cut, as `fsync` of a file alone does not."""

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4


def publish_once(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Put `content` at `path` unless there is something, whole and for good, or not at all. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    building = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with open(os.open(building, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:  # noqa: PTH123
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(building, path)
    finally:
        building.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Return when the names in `folder` are on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
