"""The files of a job's metrics: whatever happens to them, they end up as the journal says."""

import os
from pathlib import Path

import numpy as np
import pytest
from tests.journals.speech import MOMENT, log, logs, status

from axo_api.journals.journal import Journal
from axo_api.metrics.blocks import columns_beside
from axo_api.metrics.job_metrics import JobMetrics
from axo_api.metrics.metric_log import LINES_A_BLOCK, MetricLog
from axo_contracts import storage_paths
from axo_contracts.frames import Metric, encode
from axo_contracts.ids import JOB, new_id

ID = new_id(JOB)


class Recorded:
    """A job as the recorder leaves it: a journal, and metrics beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.journal = root / storage_paths.journal(ID)
        self.path = root / storage_paths.metrics(ID)
        self.columns = columns_beside(self.path)
        self._seq = 0

    def says(self, *steps: int, attempt: int = 1, keeps: bool = True) -> None:
        """Journal a metric a step, and keep it, unless the process is to die just before that."""
        said = [self._metric(step, attempt) for step in steps]
        lines = [(encode(frame), frame) for frame in said]
        metrics = self.opened()
        self.journals(b"".join(line + b"\n" for line, _ in lines))
        if keeps:
            metrics.append(lines)
            metrics.seal_when_due()
        metrics.close()

    def journals(self, lines: bytes) -> None:
        journal = Journal.open(self.journal)
        journal.append(lines)
        journal.close()

    def opened(self) -> MetricLog:
        return MetricLog.open(self.path, self.journal)

    def opens(self) -> None:
        """Open and close them, as a recorder that starts does."""
        self.opened().close()

    def read(self) -> JobMetrics:
        return JobMetrics.of(self.root, ID)

    def steps(self) -> list[int]:
        """Return the steps of the points, as the two ways to read them agree on."""
        metrics = self.read()
        series = metrics.series("loss")
        shown = series.at(np.arange(len(series)))
        points = [*metrics.points()]
        assert [point.step for point in points] == shown.steps.tolist()
        assert [point.values["loss"] for point in points] == shown.values.tolist()
        assert [point.epoch for point in points] == shown.epochs.tolist()
        return [point.step for point in points]

    def _metric(self, step: int, attempt: int) -> Metric:
        self._seq += 1
        values: dict[str, float | None] = {"loss": 1 / (step + 3), "learning_rate": step * 1e-7}
        return Metric(
            attempt=attempt, seq=self._seq, time=MOMENT, step=step, max_steps=9, epoch=step / 7, values=values
        )


@pytest.fixture
def job(tmp_path: Path) -> Recorded:
    """A job that was just journaled as queued."""
    recorded = Recorded(tmp_path)
    recorded.journals(status(1) + logs(1, 3))
    return recorded


MANY = LINES_A_BLOCK * 2 + 100


def test_what_was_just_recorded_is_read_at_once_and_to_the_last_bit(job: Recorded) -> None:
    job.says(1)
    assert job.steps() == [1]
    job.says(2, 3)
    assert job.steps() == [1, 2, 3]
    assert [point.values["learning_rate"] for point in job.read().points()] == [1 * 1e-7, 2 * 1e-7, 3 * 1e-7]


def test_sealed_and_waiting_lines_are_one_series(job: Recorded) -> None:
    for first in range(0, MANY, 1000):
        job.says(*range(first, min(MANY, first + 1000)))

    assert job.columns.stat().st_size > 0
    assert job.steps() == [*range(MANY)]
    assert [point.step for point in job.read().points(from_step=MANY - 3)] == [MANY - 3, MANY - 2, MANY - 1]
    assert len(job.read().series("loss", from_step=LINES_A_BLOCK + 7)) == MANY - LINES_A_BLOCK - 7


def test_what_was_journaled_when_the_process_died_is_kept_when_it_starts_again(job: Recorded) -> None:
    job.says(1, 2)
    job.journals(logs(3, 5000))
    job.says(3, 4, keeps=False)

    job.opens()
    job.opens()

    assert job.steps() == [1, 2, 3, 4]


def test_a_torn_line_is_cut_and_taken_from_the_journal_again(job: Recorded) -> None:
    job.says(1, 2, 3)
    os.truncate(job.path, job.path.stat().st_size - 9)

    job.opens()

    assert job.steps() == [1, 2, 3]


@pytest.mark.parametrize("lost", [1, 100, 30_000, 250_000])
def test_a_torn_block_is_cut_and_written_again(job: Recorded, lost: int) -> None:
    job.says(*range(MANY))
    whole = job.columns.stat().st_size
    os.truncate(job.columns, whole - lost)

    assert job.steps() == [*range(MANY)]
    job.opens()
    job.says(MANY)

    assert job.steps() == [*range(MANY + 1)]


def test_a_block_that_a_power_cut_has_damaged_is_not_believed_by_the_recorder(job: Recorded) -> None:
    job.says(*range(MANY))
    with job.columns.open("r+b") as file:
        file.seek(-40_000, os.SEEK_END)
        file.write(b"\x00" * 8192)

    job.opens()

    assert job.steps() == [*range(MANY)]


@pytest.mark.parametrize("damaged", [b"rubbish\n", b"\x00" * 100 + b"\n", b'{"type":"metric"}\n'])
def test_damaged_lines_are_made_anew_from_the_journal(job: Recorded, damaged: bytes) -> None:
    job.says(1, 2, 3)
    job.path.write_bytes(job.path.read_bytes() + damaged)

    job.opens()

    assert job.steps() == [1, 2, 3]


def test_metrics_that_an_earlier_version_recorded_are_made_from_the_journal_when_they_are_read(job: Recorded) -> None:
    job.says(*range(MANY))
    job.says(*range(5), attempt=2)
    job.path.unlink()
    job.columns.unlink()

    steps = job.steps()

    assert steps == [*range(5)]
    assert job.read().ends_of(1) is not None
    assert {path.name for path in job.path.parent.iterdir()} == {"journal.ndjson", job.path.name, job.columns.name}


def test_the_newest_attempts_point_of_a_step_counts_across_blocks(job: Recorded) -> None:
    job.says(*range(MANY))
    job.says(*range(50, 60), attempt=2)
    job.says(*range(55, 58), attempt=3)

    attempts = {point.step: point.attempt for point in job.read().points()}

    assert job.steps() == [*range(58)]
    assert attempts == dict.fromkeys(range(50), 1) | dict.fromkeys(range(50, 55), 2) | dict.fromkeys(range(55, 58), 3)


def test_a_step_that_is_said_twice_is_one_point_with_what_was_said_last(job: Recorded) -> None:
    job.says(1, 2, 2, 3)

    assert job.steps() == [1, 2, 3]


def test_the_values_at_a_step_are_found_in_every_attempt(job: Recorded) -> None:
    job.says(*range(MANY))
    job.says(10, 11, attempt=2)

    found = job.read().values_at([(1, 10), (2, 10), (1, MANY - 1), (2, 99)], ["loss", "eval_loss"])

    assert found == {(1, 10): {"loss": 1 / 13}, (2, 10): {"loss": 1 / 13}, (1, MANY - 1): {"loss": 1 / (MANY + 2)}}


def test_a_step_that_nobody_can_reach_stays_in_the_journal(job: Recorded) -> None:
    job.says(1)
    job.says(2**80, keeps=False)
    job.journals(log(9))

    job.opens()

    assert job.steps() == [1]
