"""A run's folder is found when its process has died; what a kill left of one goes, and what lives stays."""

import fcntl
import os
from pathlib import Path

import msgspec

from axo_worker.run_folder import RunFolder, RunRecord, orphaned_runs


def test_what_a_kill_or_a_loss_of_power_left_half_made_or_half_removed_goes(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    (half_made := runs / ".a-1").mkdir(parents=True)
    (half_made / "run.json").write_bytes(_record("a", 1))
    (half_removed := runs / "a-2").mkdir()
    (half_removed / "frames.ndjson").touch()
    (without_power := runs / "a-3").mkdir()
    (without_power / "run.json").touch()

    found = orphaned_runs(tmp_path)

    assert not found
    assert not [*runs.iterdir()]


def test_nothing_goes_of_a_run_that_lives_is_to_be_ended_or_is_being_made(tmp_path: Path) -> None:
    living = RunFolder.create(tmp_path, RunRecord(job_id="a", attempt=1, token="1"))
    (dead := tmp_path / "runs" / "a-2").mkdir()
    (dead / "run.json").write_bytes(_record("a", 2))
    (being_made := tmp_path / "runs" / ".a-3").mkdir()
    held = os.open(being_made, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)

    found = orphaned_runs(tmp_path)
    again = orphaned_runs(tmp_path)

    assert [run.path for run in found] == [dead]
    assert not again, "one that is being ended is nobody else's"
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"a-1", "a-2", ".a-3"}
    assert living.reports.is_fifo()
    assert (dead / "run.json").exists()
    os.close(held)


def test_a_run_that_has_ended_leaves_nothing(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path, RunRecord(job_id="a", attempt=1, token="1"))
    run.spool.touch()

    run.remove()

    assert not [*(tmp_path / "runs").iterdir()]


def _record(job_id: str, attempt: int) -> bytes:
    return msgspec.json.encode(RunRecord(job_id=job_id, attempt=attempt, token="1"))
