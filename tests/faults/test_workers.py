"""Workers and trainers die, freeze, hang and are cut off: the job goes on elsewhere, and never twice at once."""

import random
import signal
import time

import pytest
from tests.faults.cluster import GRACE_SECONDS, Cluster, freeze, thaw
from tests.faults.invariants import journal_of
from tests.faults.looking import has_attempt, long, newest_checkpoint, resumed_from, steps_of
from tests.faults.reliability import Recovery
from tests.stack.client import wait_for


@pytest.mark.fault(1)
@pytest.mark.alone
@pytest.mark.parametrize("part", ["agent", *long("slot", "horse")])
def test_a_killed_workers_trainer_is_gone_within_a_second_and_the_job_goes_on_from_its_newest_checkpoint(
    cluster: Cluster, chance: random.Random, recovery: Recovery, part: str
) -> None:
    job_id = cluster.run(steps=chance.randint(6, 30), max_steps=120)
    tree = cluster.tree(job_id, 1)
    saved = newest_checkpoint(cluster, job_id)

    cluster.process_of(job_id, part).kill()
    recovery.begins()

    wait_for(lambda: not cluster.tree(job_id, 1), lambda: f"the tree to be gone: {tree}", 1)
    cluster.wait_for_job(
        job_id, has_attempt(2, "starting", "running"), "to have a next attempt", cluster.lease_seconds + 2
    )
    recovery.ends()
    assert cluster.wait_for_end(job_id)["status"] == "succeeded"
    first, second = resumed_from(cluster, job_id)
    assert first is None
    assert second is not None
    assert second >= saved
    assert set(steps_of(cluster, job_id)) == set(range(1, 121))


@pytest.mark.fault(2)
@pytest.mark.parametrize(
    ("trainer", "told"), [("obeys_the_control_file", "signal 9"), ("leaves_with_137", "exit code 137")]
)
def test_a_killed_trainer_ends_the_job_with_the_reason_recorded(
    cluster: Cluster, recovery: Recovery, trainer: str, told: str
) -> None:
    job_id = cluster.submit(max_steps=100_000, trainer=trainer)
    cluster.wait_for_step(job_id, 1)

    recovery.begins()
    if trainer == "obeys_the_control_file":
        cluster.process_of(job_id, "launcher").kill()

    job = cluster.wait_for_end(job_id)
    recovery.ends()
    assert (job["status"], job["error"]["code"]) == ("failed", "trainer_crashed"), "a killed trainer is no lost worker"
    assert told in job["error"]["message"]
    code, number = cluster.rows("SELECT exit_code, signal FROM attempts WHERE job_id = ?", job_id)[0]
    assert (code, number) in {(None, 9), (137, None)}


@pytest.mark.fault(3)
def test_a_launcher_that_hangs_behind_its_dead_rank_is_ended_as_stalled(cluster: Cluster, recovery: Recovery) -> None:
    job_id = cluster.submit(trainer="loses_a_rank", limits={"stall_seconds": 5})
    cluster.wait_for_step(job_id, 2)
    recovery.begins()

    job = cluster.wait_for_end(job_id, 5 + GRACE_SECONDS + 20)

    recovery.ends()
    assert (job["status"], job["error"]["code"]) == ("failed", "stalled")
    assert "no step" in job["error"]["message"]
    assert any("rank 1 is gone" in line for line in job["error"]["log_tail"])
    assert not cluster.trainers()


@pytest.mark.fault(4)
def test_a_data_loader_that_ignores_every_signal_is_dead_after_the_grace(cluster: Cluster, recovery: Recovery) -> None:
    job_id = cluster.submit(trainer="ignores_sigterm")
    cluster.wait_for_job(job_id, lambda _: b"Training begins" in journal_of(cluster, job_id), "to train")

    cluster.tell(job_id, "cancel")
    recovery.begins()

    wait_for(lambda: not cluster.trainers(), lambda: f"the tree to be gone: {cluster.trainers()}", GRACE_SECONDS + 1)
    recovery.ends()
    assert cluster.wait_for_end(job_id)["status"] == "cancelled"


@pytest.mark.fault(5)
@pytest.mark.parametrize("what", [*long("the worker"), "the worker and its trainer"])
def test_a_worker_that_was_frozen_past_its_lease_comes_too_late(
    cluster: Cluster, chance: random.Random, recovery: Recovery, what: str
) -> None:
    job_id = cluster.run(steps=chance.randint(2, 20), max_steps=200)
    late = cluster.worker_of(job_id)
    frozen = late.service_processes() if what == "the worker" else late.tree()
    freeze(frozen)
    recovery.begins()
    cluster.wait_for_job(job_id, has_attempt(2, "running"), "to run elsewhere", 2 * cluster.lease_seconds + 10)
    recovery.ends()

    thawed_at = time.monotonic()
    thaw(frozen)

    wait_for(lambda: not cluster.tree(job_id, 1), lambda: "the late tree to be killed", 10)
    forgive_stamps(cluster, f"{job_id}/1", thawed_at, time.monotonic())
    assert cluster.wait_for_end(job_id)["status"] == "succeeded"
    assert cluster.job(job_id)["attempt"] == 2
    attempts = [event["attempt"] for event in cluster.stream(job_id) if "seq" in event]
    assert attempts == sorted(attempts), "late frames are refused"


def forgive_stamps(cluster: Cluster, run: str, since: float, until: float) -> None:
    """Strike out what a trainer noted in a moment: nothing can keep a thawed one from going on until it is killed."""
    lines = [line.split() for line in cluster.stamps.read_text().splitlines()]
    kept = [words for words in lines if not (words[0] == run and since <= float(words[2]) <= until)]
    cluster.stamps.write_text("".join(" ".join(words) + "\n" for words in kept))


@pytest.mark.fault(6)
@pytest.mark.parametrize("how", ["cut", *long("clog")])
def test_a_worker_cut_off_from_redis_stops_before_another_starts_the_job(
    cluster: Cluster, chance: random.Random, recovery: Recovery, how: str
) -> None:
    job_id = cluster.run(steps=chance.randint(2, 20), max_steps=200)
    lonely = cluster.worker_of(job_id)

    getattr(lonely.link, how)()
    recovery.begins()

    wait_for(lambda: not cluster.tree(job_id, 1), lambda: "the lonely trainer to be ended", cluster.lease_seconds)
    assert cluster.job(job_id)["attempt"] == 1, "it stopped before another started"
    cluster.wait_for_job(job_id, has_attempt(2, "starting", "running"), "to run elsewhere", cluster.lease_seconds + 2)
    recovery.ends()
    lonely.link.mend()
    assert cluster.wait_for_end(job_id)["status"] == "succeeded"
    assert cluster.job(job_id)["attempt"] == 2


@pytest.mark.fault(24)
def test_a_draining_worker_takes_nothing_new_and_when_asked_again_gives_its_job_back(
    cluster: Cluster, chance: random.Random, recovery: Recovery
) -> None:
    job_id = cluster.run(steps=chance.randint(2, 20), max_steps=400)
    leaving = cluster.worker_of(job_id)

    leaving.send(signal.SIGTERM)
    wait_for(lambda: state_of(cluster, leaving.id) == "draining", lambda: "the worker to drain", 10)
    other = cluster.run(steps=2, max_steps=60)
    third = cluster.submit(max_steps=2)
    assert cluster.worker_of(other) is not leaving
    assert cluster.wait_for_end(third)["worker"] != leaving.id
    assert (cluster.job(job_id)["status"], state_of(cluster, leaving.id)) == ("running", "draining")

    leaving.send(signal.SIGTERM)
    recovery.begins()

    job = cluster.wait_for_job(job_id, has_attempt(2, "running"), "to run elsewhere", 20)
    recovery.ends()
    assert job["reason"] == "preempted"
    assert cluster.rows("SELECT losses FROM jobs WHERE id = ?", job_id) == [(0,)], "it costs no budget"
    wait_for(lambda: not leaving.is_alive(), lambda: "the worker to leave", 20)
    assert cluster.wait_for_end(job_id)["status"] == "succeeded"
    _, second = resumed_from(cluster, job_id)
    assert second is not None
    assert steps_of(cluster, job_id) == list(range(1, 401)), "it stopped with a checkpoint of its last step"


def state_of(cluster: Cluster, worker_id: str) -> str | None:
    workers = {worker["id"]: worker["state"] for worker in cluster.http.get("/v1/workers").json()["data"]}
    return workers.get(worker_id)


@pytest.mark.fault(25)
def test_a_job_that_kills_its_worker_each_time_ends_at_three_and_holds_nobody_up(
    cluster: Cluster, recovery: Recovery
) -> None:
    recovery.begins()
    poison = cluster.submit(trainer="kills_its_worker")
    others = [cluster.submit(max_steps=20) for _ in range(3)]

    job = cluster.wait_for_end(poison, 60)

    recovery.ends()
    assert (job["status"], job["error"]["code"], job["attempt"]) == ("failed", "worker_lost", 3)
    assert "3 times" in job["error"]["message"]
    for other in others:
        assert cluster.wait_for_end(other)["status"] == "succeeded"
