"""A run's runtime files on this host: its spool, its FIFO, its control file. A lock tells whether the run lives."""

import fcntl
import os
import shutil
from pathlib import Path
from typing import Self

import msgspec

import axo_grading
from axo_contracts.trainer_plugin import GRADING, PLUGIN, TASKS
from axo_worker import tasks, trainer_plugin
from axo_worker.trainer_environment import link_packages


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
        building = final.with_name(f".{final.name}")
        for old in (final, building):
            shutil.rmtree(old, ignore_errors=True)
        building.mkdir(parents=True)
        link_packages({PLUGIN: trainer_plugin, GRADING: axo_grading, TASKS: tasks}, building / "python")
        (building / "run.json").write_bytes(msgspec.json.encode(record))
        os.mkfifo(building / "reports", 0o600)
        lock = _lock(building)
        assert lock is not None
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
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)

    def let_go(self) -> None:
        """Leave the folder for the agent, which ends the run from what is in it."""
        os.close(self._lock)


def orphaned_runs(home: Path) -> list[RunFolder]:
    """Return the folders, locked now, of those runs whose process has died."""
    found = []
    for path in _runs(home).glob("[!.]*"):
        if (lock := _lock(path)) is None:
            continue
        try:
            record = msgspec.json.decode((path / "run.json").read_bytes(), type=RunRecord)
        except FileNotFoundError:  # its run ended just now
            os.close(lock)
            continue
        found.append(RunFolder(path, lock, record))
    return found


def _runs(home: Path) -> Path:
    return home.absolute() / "runs"


def _lock(folder: Path) -> int | None:
    """Lock `folder`, and return the lock's file descriptor, or None when its run lives or has just gone."""
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd
