"""Cancelling, whenever it comes: one terminal status, and it stays."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.api.control_plane import LEASE_SECONDS, ControlPlane
from tests.api.databases import on_both_databases
from tests.api.standin_worker import StandInWorker
from tests.waiting import wait_for

from axo_contracts import redis_names
from axo_contracts.lifecycle import EndReason


def cancel(plane: ControlPlane, job_id: str) -> httpx.Response:
    """Ask for the end of a job."""
    return plane.http.post(f"/v1/jobs/{job_id}/cancel")


@on_both_databases
def test_a_job_that_waits_is_cancelled_at_once_and_twice_is_once(plane: ControlPlane) -> None:
    job_id = plane.submit()

    answers = [cancel(plane, job_id) for _ in range(2)]

    assert [answer.json()["status"] for answer in answers] == ["cancelled", "cancelled"]
    assert plane.moves(job_id) == [("queued", 0, None), ("cancelled", 0, "cancelled")]
    assert answers[0].json()["ended_at"]


@on_both_databases
def test_a_job_that_was_ordered_but_not_claimed_is_cancelled_by_its_worker(
    plane: ControlPlane, worker: StandInWorker
) -> None:
    job_id = plane.submit()
    order = worker.take_order()

    assert cancel(plane, job_id).json()["status"] == "cancelling"
    assert worker.asked(job_id) == b"1:cancel"
    worker.claim(order).finishes(EndReason.CANCELLED)

    job = plane.wait_for_status(job_id, "cancelled")
    assert (job["reason"], job["error"]) == ("cancelled", None)


def test_a_job_that_was_ordered_from_a_worker_that_is_gone_is_cancelled_after_a_lease(plane: ControlPlane) -> None:
    worker = StandInWorker(plane.redis_server.url)
    worker.start()
    job_id = plane.submit()
    worker.take_order()
    worker.vanish()

    cancel(plane, job_id)

    plane.wait_for_status(job_id, "cancelled", seconds=6 * LEASE_SECONDS)


@on_both_databases
def test_a_run_hears_of_its_cancel_at_once(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()
    run = worker.run_next()
    with worker.listening_to(redis_names.control(job_id)) as next_message:
        assert cancel(plane, job_id).json()["status"] == "cancelling"
        assert next_message() == b"1:cancel"
    run.saves(3)
    run.finishes(EndReason.CANCELLED)

    plane.wait_for_status(job_id, "cancelled")
    assert [status for status, _, _ in plane.moves(job_id)] == [
        "queued",
        "starting",
        "running",
        "cancelling",
        "cancelled",
    ]
    assert plane.get(f"/v1/jobs/{job_id}/checkpoints")["data"][0]["step"] == 3


@pytest.mark.parametrize("reason", [EndReason.COMPLETED, EndReason.WORKER_LOST, EndReason.OOM_GPU])
def test_a_job_that_is_being_cancelled_ends_as_cancelled_however_its_run_ends(
    plane: ControlPlane, worker: StandInWorker, reason: EndReason
) -> None:
    job_id = plane.submit()
    run = worker.run_next()
    cancel(plane, job_id)

    run.finishes(reason)

    job = plane.wait_for_status(job_id, "cancelled")
    assert (job["reason"], job["result"]) == ("cancelled", None)


def test_a_cancelled_job_whose_worker_is_lost_is_cancelled(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()
    run = worker.run_next()
    cancel(plane, job_id)

    worker.lose(run)

    assert plane.wait_for_status(job_id, "cancelled", seconds=6 * LEASE_SECONDS)["attempt"] == 1


def test_a_cancel_while_redis_is_down_is_acted_on_when_it_is_back(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()
    run = worker.run_next()

    plane.redis_server.kill()
    started = time.monotonic()
    answer = cancel(plane, job_id)
    assert time.monotonic() - started < 5
    assert answer.json()["status"] == "cancelling"
    plane.redis_server.start()

    wait_for(lambda: worker.asked(job_id) == b"1:cancel", "the run to be asked", 20)
    run.finishes(EndReason.CANCELLED)
    plane.wait_for_status(job_id, "cancelled")


def test_a_cancel_is_asked_again_after_redis_was_flushed(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()
    run = worker.run_next()
    cancel(plane, job_id)

    worker.redis.flushall()

    wait_for(lambda: worker.asked(job_id) == b"1:cancel", "the run to be asked", 20)
    run.finishes(EndReason.CANCELLED)
    plane.wait_for_status(job_id, "cancelled")


@on_both_databases
def test_what_has_ended_stays_ended(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()
    run = worker.run_next()
    run.finishes()
    before = plane.wait_for_status(job_id, "succeeded")

    answer = cancel(plane, job_id)
    run.logs(1)
    run.ends(EndReason.TRAINER_CRASHED)
    run.deliver()

    assert answer.status_code == 409
    assert "already ended as succeeded" in answer.json()["error"]["message"]
    assert plane.job(job_id) == before
    assert len(plane.moves(job_id)) == 4


@on_both_databases
def test_ten_cancels_against_the_end_of_the_run_leave_one_ending(plane: ControlPlane, worker: StandInWorker) -> None:
    job_id = plane.submit()
    run = worker.run_next()
    run.ends()

    def ask(_: int) -> int:
        return plane.http.post(f"/v1/jobs/{job_id}/cancel").status_code

    with ThreadPoolExecutor(10) as clients:
        asked = clients.map(ask, range(10))
        run.deliver()
        statuses = set(asked)
    run.release()

    job = plane.wait_for_status(job_id, "succeeded", "cancelled")
    assert statuses <= {200, 409}
    assert [status for status, _, _ in plane.moves(job_id)].count(job["status"]) == 1
    wait_for(lambda: plane.journal(job_id)[-1].startswith(b'{"type":"end"'), "the end of the journal")
    assert sum(line.startswith(b'{"type":"end"') for line in plane.journal(job_id)) == 1
