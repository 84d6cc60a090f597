"""A trainer that prints more than anybody can read: memory stays bounded, all of it is kept, training is not slowed."""

import contextlib
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import pytest
import yaml
from tests.faults.cluster import Cluster
from tests.faults.invariants import journal_of
from tests.faults.looking import long
from tests.faults.reliability import Recovery
from tests.stack.embedded import TRAINERS

from axo_contracts import storage_paths
from axo_contracts.frames import MAX_TEXT_BYTES

MEGABYTE = 1024 * 1024
MOST_MEMORY = 250 * MEGABYTE
MOST_SLOWED = 1.10


class Memory:
    """Watches how much a process of the API and the workers holds at most, while its `with` block lasts."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peak = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(0.2):
            workers = [process for worker in self._cluster.workers for process in worker.service_processes()]
            for process in [*workers, *self._cluster.api.tree()]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    self.peak = max(self.peak, process.memory_info().rss)


@pytest.mark.alone
@pytest.mark.fault(27)
@pytest.mark.parametrize("steps", [4, *long(20)])
def test_a_flood_of_lines_is_kept_whole_in_bounded_memory_and_does_not_slow_the_training(
    cluster: Cluster, tmp_path: Path, recovery: Recovery, steps: int
) -> None:
    """Fifty thousand lines a step: a million in all in the long one."""
    alone = seconds_alone(tmp_path, steps)
    job_id = cluster.submit(trainer="floods", max_steps=steps, hyperparameters={})

    recovery.begins()
    with Memory(cluster) as memory:
        job = cluster.wait_for_end(job_id, 120)
    recovery.ends()

    assert job["status"] == "succeeded"
    assert memory.peak < MOST_MEMORY
    kept = [line for line in journal_of(cluster, job_id).splitlines() if line.startswith(b'{"type":"log"')]
    assert sum(b" of a thousand," in line for line in kept) == 50_000 * steps
    followed = float((cluster.storage / storage_paths.attempt(job_id, 1) / "elapsed").read_text())
    assert followed < MOST_SLOWED * alone, f"{followed:.1f} s beside {alone:.1f} s alone"


def seconds_alone(folder: Path, steps: int) -> float:
    """Return how long the same trainer takes when nobody reads what it prints."""
    config, reports = folder / "config.yaml", folder / "reports"
    config.write_text(yaml.safe_dump({"max_steps": steps}))
    reports.touch()
    subprocess.run(
        [sys.executable, TRAINERS / "floods.py", config],
        check=True,
        cwd=folder,
        env={"AXO_REPORTS": str(reports), "AXO_CONTROL": str(folder / "control"), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.DEVNULL,
    )
    return float((folder / "elapsed").read_text())


@pytest.mark.fault(27)
@pytest.mark.parametrize(
    ("trainer", "after"),
    [
        ("prints_one_giant_line", ["the line after"]),
        pytest.param(
            "prints_a_gigabyte_line",
            ["zero\ufffdbyte", "broken \ufffd\ufffd utf-8", "no end"],
            marks=pytest.mark.faults_long,
        ),
        ("prints_rubbish", ["broken \ufffd\ufffd utf-8", "windows", "no end"]),
    ],
)
def test_what_is_no_text_is_mended_and_a_giant_line_is_cut_and_marked(
    cluster: Cluster, trainer: str, after: list[str]
) -> None:
    job_id = cluster.submit(trainer=trainer, max_steps=1)
    with Memory(cluster) as memory:
        assert cluster.wait_for_end(job_id, 120)["status"] == "succeeded"

    assert memory.peak < MOST_MEMORY
    said = [event for event in cluster.stream(job_id) if event["type"] == "log" and event.get("source") != "worker"]
    assert [event["text"] for event in said[1:]] == after
    if "line" in trainer:
        assert (len(said[0]["text"]), said[0]["truncated"]) == (MAX_TEXT_BYTES, True)
