"""Files that are whole or not there, and what is in them."""

import hashlib
import os
from pathlib import Path


def publish(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that, also after a power cut, the file is there whole or not at all."""
    building = path.with_name(f".{path.name}.new")
    with building.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    building.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in `folder` survive a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sha256_of(path: Path, *, sync: bool = False) -> str:
    """Return the file's SHA-256 in hexadecimal; with `sync`, have its content survive a power cut first."""
    with path.open("rb") as file:
        if sync:
            os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()
