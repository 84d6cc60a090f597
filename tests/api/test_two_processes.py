"""Two control planes on one Postgres, and a Postgres that goes away."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.api.conftest import StartControlPlane
from tests.api.control_plane import ControlPlane
from tests.api.standin_worker import Run, StandInWorker
from tests.api_process import SPEC
from tests.postgres import PostgresServer
from tests.redis_server import RedisServer
from tests.waiting import wait_for

from axo_api.migrations import upgrade

AT_ONCE = 50
ANSWER_SECONDS = 12.0  # in which a client is told that the database is away
TAKE_OVER_SECONDS = 8.0


@pytest.fixture
def database_url(own_postgres: PostgresServer) -> str:
    """The address of an up-to-date database on it."""
    url = own_postgres.new_database()
    upgrade(url)
    return url


@pytest.fixture
def both(start_control_plane: StartControlPlane, database_url: str) -> tuple[ControlPlane, ControlPlane]:
    """Two control planes on that database, of which the first leads."""
    first = start_control_plane(database_url)
    wait_for(lambda: _leads(first), "the first to lead")
    return first, start_control_plane(database_url)


@pytest.fixture
def their_worker(redis_server: RedisServer) -> Iterator[StandInWorker]:
    """A worker host that is online for both."""
    worker = StandInWorker(redis_server.url)
    worker.start()
    yield worker
    worker.vanish()


def test_both_serve_and_one_leads(both: tuple[ControlPlane, ControlPlane], their_worker: StandInWorker) -> None:
    first, second = both

    ids = [first.submit(), second.submit()]
    for _ in ids:
        their_worker.run_next().finishes()

    for plane in both:
        assert [plane.wait_for_status(job_id, "succeeded")["attempt"] for job_id in ids] == [1, 1]
        assert second.http.get(f"/v1/jobs/{ids[0]}/stream").text == first.http.get(f"/v1/jobs/{ids[0]}/stream").text
    assert not _leads(second)


def test_one_key_used_at_once_with_both_makes_one_job(both: tuple[ControlPlane, ControlPlane]) -> None:
    def submit(number: int) -> httpx.Response:
        headers = {"Idempotency-Key": "a-key"}
        return httpx.post(f"{both[number % 2].url}/v1/jobs", json=SPEC, headers=headers, timeout=30)

    with ThreadPoolExecutor(AT_ONCE) as clients:
        answers = list(clients.map(submit, range(AT_ONCE)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(both[0].all_jobs()) == 1


def test_the_other_takes_over_when_the_leader_is_killed(
    both: tuple[ControlPlane, ControlPlane], their_worker: StandInWorker
) -> None:
    first, second = both
    job_id = first.submit()
    run = their_worker.run_next()
    run.logs(20)
    run.deliver()

    first.kill()
    started = time.monotonic()
    run.logs(20)
    run.deliver()

    assert time.monotonic() - started < TAKE_OVER_SECONDS
    run.finishes()
    assert second.wait_for_status(job_id, "succeeded")["attempt"] == 1
    assert second.said(job_id, 1) == run.lines


def test_a_database_that_is_away_is_told_in_time_and_nothing_is_lost(
    both: tuple[ControlPlane, ControlPlane], their_worker: StandInWorker, own_postgres: PostgresServer
) -> None:
    job_id = both[0].submit()
    run = their_worker.run_next()

    own_postgres.stop()
    stop_talking = _talk(run)
    for plane in both:
        for method, path in (("POST", "/v1/jobs"), ("GET", "/v1/jobs"), ("POST", f"/v1/jobs/{job_id}/cancel")):
            _assert_told_in_time(plane, method, path)
    own_postgres.start()
    stop_talking()

    for plane in both:
        wait_for(lambda plane=plane: plane.http.get("/v1/jobs").status_code == 200, "it to be back", 30)  # type: ignore[misc]
    second_id = both[1].submit()
    run.finishes()
    their_worker.run_next().finishes()
    assert both[0].wait_for_status(job_id, "succeeded")["attempt"] == 1
    assert both[1].wait_for_status(second_id, "succeeded")["attempt"] == 1
    assert both[0].said(job_id, 1) == run.lines


def test_a_database_that_hangs_is_told_in_time_and_nothing_is_lost(
    start_control_plane: StartControlPlane,
    database_url: str,
    their_worker: StandInWorker,
    own_postgres: PostgresServer,
) -> None:
    plane = start_control_plane(database_url)
    job_id = plane.submit()
    run = their_worker.run_next()

    own_postgres.freeze()
    run.trains(1)
    run.send(2)
    asked = [("POST", "/v1/jobs"), *[("GET", "/v1/jobs")] * 6, ("POST", f"/v1/jobs/{job_id}/cancel")]
    with ThreadPoolExecutor(len(asked)) as clients:
        list(clients.map(lambda ask: _assert_told_in_time(plane, *ask), asked))
    assert plane.http.get("/healthz").status_code == 200
    own_postgres.thaw()

    wait_for(lambda: plane.http.get("/v1/jobs").status_code == 200, "it to be back", 30)
    run.finishes()
    assert plane.wait_for_status(job_id, "succeeded", "cancelled")["attempt"] == 1
    assert plane.said(job_id, 1) == run.lines


def test_a_database_that_is_restarted_again_and_again_leaves_every_journal_whole(
    both: tuple[ControlPlane, ControlPlane], their_worker: StandInWorker, own_postgres: PostgresServer
) -> None:
    job_id = both[0].submit()
    run = their_worker.run_next()

    for _ in range(4):
        stop_talking = _talk(run)
        own_postgres.stop()
        own_postgres.start()
        wait_for(lambda: run.acknowledged() > len(run.lines) // 2, "the recorder to go on", 20)
        stop_talking()
        run.deliver()
    run.finishes()

    assert both[0].wait_for_status(job_id, "succeeded")["attempt"] == 1
    assert both[0].said(job_id, 1) == run.lines
    assert all(line.startswith(b'{"type":"') and line.endswith(b"}") for line in both[0].journal(job_id))


def _talk(run: Run) -> Callable[[], None]:
    """Let a run say a line each few milliseconds, until what is returned is called."""
    enough = threading.Event()

    def talk() -> None:
        while not enough.wait(0.005):
            run.logs(1)
            run.send(len(run.lines))

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()

    def stop() -> None:
        enough.set()
        thread.join()

    return stop


def _assert_told_in_time(plane: ControlPlane, method: str, path: str) -> None:
    started = time.monotonic()
    answer = plane.http.request(method, path, json=SPEC if path == "/v1/jobs" and method == "POST" else None)
    assert time.monotonic() - started < ANSWER_SECONDS
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    error = answer.json()["error"]
    assert (error["code"], error["type"]) == ("unavailable", "server_error")
    assert error["request_id"] == answer.headers["x-request-id"]


def _leads(plane: ControlPlane) -> bool:
    return "this process leads" in plane.output.read_text()
