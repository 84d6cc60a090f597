"""The wall clock of every process jumps by an hour: what expires goes by clocks that nobody can set."""

import random
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.faults.cluster import PROGRAMS, Cluster
from tests.faults.looking import let_pass, long
from tests.faults.reliability import Recovery

HOUR = 3600


@pytest.fixture
def set_clock(tmp_path: Path) -> Callable[[int], None]:
    """Shift the wall clock of the Redis, the API and the workers of `clocked_cluster` by so many seconds."""
    clock = tmp_path / "clock"

    def shift(seconds: int) -> None:
        with clock.open("r+b") as file:
            file.write(struct.pack("@l", seconds))

    clock.write_bytes(struct.pack("@l", 0))
    return shift


@pytest.fixture
def clocked_cluster(tmp_path: Path, set_clock: object, start_cluster: Callable[..., Cluster]) -> Cluster:
    """A cluster whose clocks can be set."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler to build the shifted clock with")
    library = tmp_path / "shifted_clock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, PROGRAMS / "shifted_clock.c"], check=True)
    return start_cluster(LD_PRELOAD=str(library), AXO_TEST_CLOCK=str(tmp_path / "clock"))


@pytest.mark.fault(22)
@pytest.mark.parametrize("jump", [HOUR, *long(-HOUR)])
def test_a_clock_that_jumps_an_hour_expires_nothing(
    clocked_cluster: Cluster,
    set_clock: Callable[[int], None],
    chance: random.Random,
    recovery: Recovery,
    jump: int,
) -> None:
    cluster = clocked_cluster
    limited = cluster.run(steps=chance.randint(1, 20), max_steps=400, limits={"max_runtime_seconds": 600})
    cancelled = cluster.run(steps=1)
    queued = cluster.submit(max_steps=3)

    set_clock(jump)
    recovery.begins()
    cluster.wait_for_step(limited, cluster.job(limited)["progress"]["step"] + 3, 10)
    recovery.ends()
    let_pass(1.5 * cluster.lease_seconds)

    assert [cluster.job(job_id)["attempt"] for job_id in (limited, cancelled)] == [1, 1]
    cluster.tell(cancelled, "cancel")
    assert cluster.wait_for_end(cancelled)["status"] == "cancelled"
    assert cluster.wait_for_end(queued)["status"] == "succeeded"
    cluster.tell(limited, "pause")
    cluster.wait_for_status(limited, "paused")
    cluster.tell(limited, "resume")
    job = cluster.wait_for_end(limited)
    assert (job["status"], job["attempt"]) == ("succeeded", 2), "what it may run is not used up"
    set_clock(0)


@pytest.mark.faults_long
@pytest.mark.fault(22)
def test_a_worker_that_dies_when_the_clock_goes_back_is_noticed_all_the_same(
    clocked_cluster: Cluster, set_clock: Callable[[int], None], recovery: Recovery
) -> None:
    cluster = clocked_cluster
    job_id = cluster.run(steps=2, max_steps=200)

    cluster.worker_of(job_id).kill()
    set_clock(-HOUR)
    recovery.begins()

    cluster.wait_for_job(job_id, lambda job: job["attempt"] == 2, "to run elsewhere", 60 + 3 * cluster.lease_seconds)
    recovery.ends()
    assert cluster.wait_for_end(job_id)["status"] == "succeeded"
