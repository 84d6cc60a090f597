"""A run's runtime files on this host: its spool, its FIFO, its control file. A lock tells whether the run lives."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import Self

import msgspec

import axo_grading
from axo_contracts.trainer_plugin import GRADING, PLUGIN, TASKS
from axo_worker import tasks, trainer_plugin
from axo_worker.trainer_environment import link_packages

_RECORD = "run.json"


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What must be known of a run to end it when nobody else can."""

    job_id: str
    attempt: int
    token: str

    @property
    def marker(self) -> str:
        """What AXO_RUN says in every process of the run's tree."""
        return f"{self.job_id}/{self.attempt}"


class RunFolder:
    """A run's folder below the worker's home, locked for as long as this object's process lives."""

    def __init__(self, path: Path, lock: int, record: RunRecord) -> None:
        self.path = path
        self.record = record
        self._lock = lock

    @classmethod
    def create(cls, home: Path, record: RunRecord) -> Self:
        """Make the folder of a new run. It appears under its name when it is complete and locked."""
        final = _runs(home) / f"{record.job_id}-{record.attempt}"
        shutil.rmtree(final, ignore_errors=True)
        building, lock = _hidden_folder_for(final)
        link_packages({PLUGIN: trainer_plugin, GRADING: axo_grading, TASKS: tasks}, building / "python")
        (building / _RECORD).write_bytes(msgspec.json.encode(record))
        os.mkfifo(building / "reports", 0o600)
        building.rename(final)
        return cls(final, lock, record)

    @property
    def spool(self) -> Path:
        """The file of frames."""
        return self.path / "frames.ndjson"

    @property
    def reports(self) -> Path:
        """The FIFO through which the plugin reports."""
        return self.path / "reports"

    @property
    def control(self) -> Path:
        """The file whose existence asks the plugin to stop."""
        return self.path / "control"

    @property
    def python_path(self) -> Path:
        """For the trainer's PYTHONPATH: our plugin, how it grades and the tasks, and nothing else."""
        return self.path / "python"

    def remove(self) -> None:
        """Delete everything: the control plane has all that the run said."""
        _remove(self.path, self._lock)


def orphaned_runs(home: Path) -> list[RunFolder]:
    """Return the folders, locked now, of those runs whose process has died. What was no run yet, or no more, goes."""
    found = []
    for path in _runs(home).glob("*"):
        if (lock := _lock(path)) is None:
            continue
        if (record := _record_of(path)) is None:
            _remove(path, lock)
        else:
            found.append(RunFolder(path, lock, record))
    return found


def _record_of(folder: Path) -> RunRecord | None:
    """Return what is to be known of a run, or None for a folder that was left half made or half removed.

    A kill leaves no record, a host that lost its power perhaps an empty one.
    """
    if folder.name.startswith("."):
        return None
    try:
        return msgspec.json.decode((folder / _RECORD).read_bytes(), type=RunRecord)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _remove(folder: Path, lock: int) -> None:
    """Delete a locked folder, its record first: without it, what a kill leaves is not taken for a run to be ended."""
    with contextlib.suppress(OSError):
        (folder / _RECORD).unlink()
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)


def _hidden_folder_for(run: Path) -> tuple[Path, int]:
    """Make a folder that is no run yet, and lock it. Until then, an agent may take it for a dead process's."""
    run.parent.mkdir(parents=True, exist_ok=True)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f".{run.name}-", dir=run.parent))
        if (lock := _lock(folder)) is not None:
            return folder, lock


def _runs(home: Path) -> Path:
    return home.absolute() / "runs"


def _lock(folder: Path) -> int | None:
    """Lock `folder`, and return the lock's file descriptor, or None when its run lives or has just gone."""
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(fd), folder.stat()):  # it may have gone between the two
            return fd
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(fd)
    return None
