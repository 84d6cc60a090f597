"""Stopping as an operator does: soon, cleanly, and nobody who followed misses a line."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.api.control_plane import ControlPlane
from tests.api.standin_worker import StandInWorker
from tests.waiting import wait_for

FOLLOWERS = 20
LIMIT_SECONDS = 5.0


@pytest.mark.alone
def test_a_stop_with_twenty_followers_is_soon_and_each_goes_on_where_it_was(
    plane: ControlPlane, worker: StandInWorker
) -> None:
    job_id = plane.submit()
    run = worker.run_next()
    run.logs(100)
    run.deliver()
    all_read = threading.Barrier(FOLLOWERS + 1)

    def follow(_: int) -> str:
        before = _follow_until(plane, job_id, b"line 101", all_read)
        last_id = before.rsplit("id: ", 1)[1].split("\n")[0]
        is_up_again.wait(60)
        after = httpx.get(f"{plane.url}/v1/jobs/{job_id}/stream", headers={"Last-Event-ID": last_id}, timeout=60)
        return (before + after.text).replace(": ping\n\n", "")

    is_up_again = threading.Event()
    with ThreadPoolExecutor(FOLLOWERS) as threads:
        followers = [threads.submit(follow, number) for number in range(FOLLOWERS)]
        all_read.wait(30)
        seconds = plane.stop()
        plane.start()
        is_up_again.set()
        run.logs(10)
        run.finishes()
        plane.wait_for_status(job_id, "succeeded")
        received = {follower.result() for follower in followers}

    assert seconds < LIMIT_SECONDS
    wait_for(lambda: plane.journal(job_id)[-1].startswith(b'{"type":"end"'), "the end of the journal")
    assert received == {plane.http.get(f"/v1/jobs/{job_id}/stream").text}


@pytest.mark.alone
def test_a_stop_while_redis_is_away_is_soon(plane: ControlPlane) -> None:
    plane.redis_server.kill()

    assert plane.stop() < LIMIT_SECONDS


def _follow_until(plane: ControlPlane, job_id: str, line: bytes, all_read: threading.Barrier) -> str:
    """Follow until the stream is closed; meet the others when `line` was read."""
    received = b""
    has_met = False
    with httpx.stream("GET", f"{plane.url}/v1/jobs/{job_id}/stream", timeout=60) as stream:
        for chunk in stream.iter_raw():
            received += chunk
            if not has_met and line in received:
                has_met = True
                all_read.wait(30)
    return received.decode()
