"""From the queue to a worker, and back when the worker is lost: each job in one place at a time."""

import msgspec
import yaml
from tests.api.control_plane import LEASE_SECONDS, ControlPlane
from tests.api.databases import on_both_databases
from tests.api.standin_worker import StandInWorker
from tests.waiting import wait_for

from axo_api.control.dispatcher import MOST_READ_AT_ONCE
from axo_contracts import redis_names
from axo_contracts.lifecycle import EndReason
from axo_worker.lease import Claim


@on_both_databases
def test_many_jobs_that_fit_no_worker_hide_none_behind_them(plane: ControlPlane) -> None:
    for _ in range(MOST_READ_AT_ONCE + 1):
        plane.submit(resources={"gpus": 64})
    job_id = plane.submit()
    worker = StandInWorker(plane.redis_server.url)
    worker.start()

    order = worker.take_order()

    assert order.job_id == job_id
    worker.claim(order).finishes()
    plane.wait_for_status(job_id, "succeeded")
    worker.vanish()


@on_both_databases
def test_an_order_reaches_its_worker_with_the_config_for_its_device(plane: ControlPlane) -> None:
    worker = StandInWorker(plane.redis_server.url, gpus=2)
    worker.start()
    job_id = plane.submit(hyperparameters={"max_steps": 7})

    order = worker.take_order()

    assert (order.job_id, order.attempt, order.gpus) == (job_id, 1, (0,))
    assert order.lease_seconds == LEASE_SECONDS
    assert order.config["max_steps"] == 7
    assert order.config["bf16"] is True
    assert order.config["attn_implementation"] == "sdpa"
    kept = plane.http.get(f"/v1/jobs/{job_id}/config")
    assert yaml.safe_load(kept.text) == order.config
    assert plane.job(job_id)["worker"] == worker.id
    assert plane.get("/v1/workers")["data"][0]["running"] == [job_id]
    worker.claim(order).finishes()
    plane.wait_for_status(job_id, "succeeded")
    worker.vanish()


def test_a_host_without_gpus_gets_the_config_for_its_cpu(plane: ControlPlane, worker: StandInWorker) -> None:
    plane.submit()

    order = worker.take_order()

    assert order.gpus == ()
    assert (order.config["bf16"], order.config["fp16"]) == (False, False)
    assert order.config["lora_mlp_kernel"] is False
    worker.claim(order).finishes()


def test_jobs_go_one_after_the_other_to_a_host_with_one_slot_best_first(
    plane: ControlPlane, worker: StandInWorker
) -> None:
    holder = plane.submit()
    run = worker.run_next()
    low, high = plane.submit(priority=0), plane.submit(priority=1)
    assert plane.get("/v1/queue")["data"][0]["reason"].startswith("waits for a free slot")

    order = []
    for _ in range(2):
        run.finishes()
        run = worker.run_next()
        order.append(run.order.job_id)
    run.finishes()

    assert order == [high, low]
    assert plane.wait_for_status(holder, "succeeded")["attempt"] == 1


@on_both_databases
def test_a_job_whose_worker_vanishes_is_tried_again_after_one_lease(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()
    run = worker.run_next()
    run.trains(7)
    run.deliver()

    worker.lose(run)
    order = worker.take_order(seconds=4 * LEASE_SECONDS)

    assert (order.attempt, order.checkpoints_from) == (2, (f"jobs/{job_id}/attempts/1",))
    assert order.recorded_step == 7
    assert plane.moves(job_id)[2:] == [("running", 1, None), ("queued", 1, "worker_lost"), ("starting", 2, None)]
    assert not run.lease.renew()
    worker.claim(order).finishes()
    plane.wait_for_status(job_id, "succeeded")


def test_a_lease_that_lives_is_never_taken_away(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()
    run = worker.run_next()
    lost = StandInWorker(plane.redis_server.url, "gpu-host-2")
    lost.start()
    other_id = plane.submit()
    lost.run_next()

    lost.vanish()
    plane.wait_for_status(other_id, "queued", seconds=4 * LEASE_SECONDS)

    assert plane.job(job_id)["attempt"] == 1
    run.finishes()
    assert plane.wait_for_status(job_id, "succeeded")["attempt"] == 1
    worker.run_next().finishes()
    plane.wait_for_status(other_id, "succeeded")


def test_three_losses_without_a_newer_checkpoint_end_the_job(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()

    for _ in range(3):
        run = worker.run_next()
        run.ends(EndReason.WORKER_LOST)
        run.deliver()
        run.release()
        worker.lose(run)

    job = plane.wait_for_status(job_id, "failed")
    assert job["attempt"] == 3
    assert job["error"]["code"] == "worker_lost"
    assert "3 times" in job["error"]["message"]


def test_a_newer_checkpoint_begins_the_count_of_losses_anew(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()

    for number in range(1, 5):
        run = worker.run_next()
        if number == 2:
            run.saves(10)
        run.ends(EndReason.WORKER_LOST)
        run.deliver()
        run.release()
        worker.lose(run)

    assert plane.wait_for_status(job_id, "failed")["attempt"] == 4


@on_both_databases
def test_an_order_that_was_lost_from_the_queue_is_sent_again(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()
    worker.take_order()

    worker.redis.flushall()
    order = worker.take_order(seconds=20)

    assert (order.job_id, order.attempt) == (job_id, 1)
    worker.claim(order).finishes()
    plane.wait_for_status(job_id, "succeeded")


def test_an_order_that_comes_twice_is_claimed_once(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()
    first = worker.take_order()
    second = worker.take_order(seconds=20)
    assert second == first

    run = worker.claim(first)
    _, answer = worker.try_to_claim(second)
    run.finishes()
    _, answer_after_the_end = worker.try_to_claim(second)

    assert (answer, answer_after_the_end) == (Claim.CLAIMED, Claim.CLAIMED)
    assert plane.wait_for_status(job_id, "succeeded")["attempt"] == 1


def test_an_order_of_a_given_up_attempt_is_never_claimed(plane: ControlPlane) -> None:
    gone = StandInWorker(plane.redis_server.url, "gpu-host-1")
    gone.start()
    job_id = plane.submit()
    late = gone.take_order()
    gone.vanish()
    other = StandInWorker(plane.redis_server.url, "gpu-host-2")
    other.start()

    run = other.claim(other.take_order(seconds=20))
    _, answer = other.try_to_claim(late)

    assert run.order.attempt == 2
    assert answer is Claim.FENCED
    run.finishes()
    plane.wait_for_status(job_id, "succeeded")
    other.vanish()


def test_a_job_that_a_worker_lost_goes_to_another_if_there_is_one(plane: ControlPlane) -> None:
    workers = {name: StandInWorker(plane.redis_server.url, name) for name in ("gpu-host-1", "gpu-host-2")}
    for worker in workers.values():
        worker.start()
    wait_for(lambda: len(plane.get("/v1/workers")["data"]) == 2, "both workers to be seen")
    job_id = plane.submit()
    first = workers["gpu-host-1"].run_next()

    first.finishes(EndReason.WORKER_LOST)
    second = workers["gpu-host-2"].run_next()

    assert second.order.attempt == 2
    second.finishes()
    plane.wait_for_status(job_id, "succeeded")
    for worker in workers.values():
        worker.vanish()


def test_a_heartbeat_that_cannot_be_read_hides_no_other_worker(plane: ControlPlane, worker: StandInWorker) -> None:
    worker.redis.sadd(redis_names.WORKERS, "from-the-future")
    worker.redis.set(redis_names.worker("from-the-future"), msgspec.json.encode({"id": 7}))

    job_id = plane.submit()
    worker.run_next().finishes()

    plane.wait_for_status(job_id, "succeeded")
    assert [shown["id"] for shown in plane.get("/v1/workers")["data"]] == [worker.id]
    assert plane.http.get("/readyz").json()["checks"]["workers"]["ok"]
