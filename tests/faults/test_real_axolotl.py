"""The faults that matter most, with the real Axolotl in place of a stand-in."""

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.faults.cluster import Cluster, freeze, thaw
from tests.faults.looking import has_attempt, newest_checkpoint, resumed_from
from tests.faults.reliability import Recovery
from tests.faults.tiny_jobs import REAL_TRAINER, said_of_steps, sft
from tests.stack.client import wait_for
from tests.stack.embedded import EmbeddedStack

LONGEST_START = 180  # seconds, of a trainer on a busy machine
STEPS = 80

pytestmark = [pytest.mark.trainer, pytest.mark.faults_long, pytest.mark.timeout(600)]


@pytest.fixture
def real_cluster(tiny_model: Path, start_cluster: Callable[..., Cluster]) -> Cluster:
    """A cluster whose workers train with Axolotl."""
    return start_cluster(**REAL_TRAINER, AXO_TRAINER_PYTHON=os.environ["AXO_TRAINER_PYTHON"])


def train(cluster: Cluster, tiny_model: Path, chance: random.Random) -> str:
    """Start a training, and return its id once it has made some steps and a checkpoint."""
    job_id = cluster.submit(sft(cluster, tiny_model, STEPS))
    cluster.wait_for_step(job_id, chance.randint(5, 30), LONGEST_START)
    return job_id


def ends_whole(cluster: Cluster, job_id: str, attempts: int) -> None:
    job = cluster.wait_for_end(job_id, 300)
    assert (job["status"], job["attempt"]) == ("succeeded", attempts), job
    assert sorted(said_of_steps(cluster, job_id)) == list(range(1, STEPS + 1))
    assert len(resumed_from(cluster, job_id)) == attempts


@pytest.mark.fault(1)
def test_axolotl_is_gone_within_a_second_of_its_worker_and_goes_on_elsewhere(
    real_cluster: Cluster, tiny_model: Path, chance: random.Random, recovery: Recovery
) -> None:
    cluster = real_cluster
    job_id = train(cluster, tiny_model, chance)
    saved = newest_checkpoint(cluster, job_id)

    cluster.worker_of(job_id).kill()
    recovery.begins()

    wait_for(lambda: not cluster.tree(job_id, 1), lambda: "the tree to be gone", 1)
    cluster.wait_for_job(
        job_id, has_attempt(2, "starting", "running"), "to have a next attempt", cluster.lease_seconds + 2
    )
    recovery.ends()
    ends_whole(cluster, job_id, 2)
    assert (resumed_from(cluster, job_id)[1] or 0) >= saved


@pytest.mark.fault(5)
def test_axolotl_under_a_frozen_worker_is_ended_and_what_comes_late_is_refused(
    real_cluster: Cluster, tiny_model: Path, chance: random.Random, recovery: Recovery
) -> None:
    cluster = real_cluster
    job_id = train(cluster, tiny_model, chance)
    frozen = cluster.worker_of(job_id).service_processes()

    freeze(frozen)
    recovery.begins()
    wait_for(lambda: not cluster.tree(job_id, 1), lambda: "the tree to be ended", cluster.lease_seconds)
    cluster.wait_for_job(job_id, has_attempt(2, "starting", "running"), "to run elsewhere", 2 * cluster.lease_seconds)
    recovery.ends()
    thaw(frozen)

    ends_whole(cluster, job_id, 2)


@pytest.mark.fault(8)
def test_axolotl_trains_on_while_redis_is_flushed_and_still_hears_a_pause(
    real_cluster: Cluster, tiny_model: Path, chance: random.Random, recovery: Recovery
) -> None:
    cluster = real_cluster
    job_id = train(cluster, tiny_model, chance)

    for _ in range(3):
        with cluster.broker() as redis:
            redis.flushall()
        recovery.begins()
        cluster.wait_for_step(job_id, cluster.job(job_id)["progress"]["step"] + 2, 30)
        recovery.ends()
    cluster.tell(job_id, "pause")
    with cluster.broker() as redis:
        redis.flushall()

    cluster.wait_for_status(job_id, "paused", seconds=30)
    cluster.tell(job_id, "resume")
    ends_whole(cluster, job_id, 2)


@pytest.mark.fault(24)
def test_axolotl_on_a_worker_that_leaves_stops_with_a_checkpoint_and_goes_on_elsewhere(
    real_cluster: Cluster, tiny_model: Path, chance: random.Random, recovery: Recovery
) -> None:
    cluster = real_cluster
    job_id = train(cluster, tiny_model, chance)
    leaving = cluster.worker_of(job_id)

    leaving.send(signal.SIGTERM)
    before = cluster.job(job_id)["progress"]["step"]
    cluster.wait_for_step(job_id, before + 3)
    leaving.send(signal.SIGTERM)
    recovery.begins()

    cluster.wait_for_job(job_id, has_attempt(2, "starting", "running"), "to run elsewhere", 30)
    recovery.ends()
    assert cluster.rows("SELECT losses FROM jobs WHERE id = ?", job_id) == [(0,)]
    ends_whole(cluster, job_id, 2)
    assert all(len(said) == 1 for said in said_of_steps(cluster, job_id).values()), "no step was made twice"


@pytest.mark.fault(28)
def test_a_stack_with_axolotl_of_which_everything_was_killed_at_once_recovers(
    start_stack: Callable[..., EmbeddedStack], tiny_model: Path, chance: random.Random, recovery: Recovery
) -> None:
    stack = start_stack(trainer=None, **REAL_TRAINER)
    job_id = stack.submit(sft(stack, tiny_model, STEPS))
    queued = stack.submit(sft(stack, tiny_model, 2))
    stack.wait_for_step(job_id, chance.randint(5, 30), LONGEST_START)

    for process in stack.processes():
        process.kill()
    wait_for(lambda: not stack.processes(), lambda: "every process to be gone", 5)
    recovery.begins()
    stack.start_again()
    stack.wait_for_job(job_id, has_attempt(2, "running"), "to go on", LONGEST_START)
    recovery.ends()

    job = stack.wait_for_end(job_id, 300)
    assert (job["status"], job["attempt"]) == ("succeeded", 2)
    assert sorted(said_of_steps(stack, job_id)) == list(range(1, STEPS + 1))
    assert stack.wait_for_end(queued, 120)["status"] == "succeeded"
