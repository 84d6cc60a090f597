"""The folders that children work in, each named by its process, so that a killed one's can be removed as well."""

import os
import shutil
from pathlib import Path


def work_folder(pid: int) -> Path:
    """Return the folder of a child."""
    return _root() / str(pid)


def remove_work_folder(pid: int) -> None:
    """Remove what a child left."""
    shutil.rmtree(work_folder(pid), ignore_errors=True)


def remove_all_work_folders() -> None:
    """Remove what an earlier helper's children left."""
    shutil.rmtree(_root(), ignore_errors=True)


def _root() -> Path:
    return Path(os.environ["AXO_WORKER_HOME"], "helper", "work")
