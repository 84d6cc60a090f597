"""Making names survive a power cut, as `fsync` of a file alone does not."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Return when the names in `folder` are on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
