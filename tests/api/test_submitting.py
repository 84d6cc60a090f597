"""Submitting a job: a 201 is a promise, and one key makes one job."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest
from tests.api.control_plane import ControlPlane
from tests.api.databases import on_both_databases
from tests.api_process import SPEC

AT_ONCE = 50


@pytest.fixture
def key() -> dict[str, str]:
    """The header with a key that nobody has used."""
    return {"Idempotency-Key": uuid4().hex}


@on_both_databases
def test_a_201_survives_kill_9_at_the_same_instant(plane: ControlPlane) -> None:
    ids = [plane.submit(name=f"job-{number}") for number in range(3)]

    plane.restart()

    assert [plane.job(job_id)["name"] for job_id in ids] == ["job-0", "job-1", "job-2"]
    assert {plane.job(job_id)["status"] for job_id in ids} == {"queued"}


def test_every_201_that_was_sent_before_a_kill_in_the_middle_of_a_burst_is_kept(plane: ControlPlane) -> None:
    promised: list[str] = []
    taken = itertools.count(1)

    def submit_until_dead(client_number: int) -> None:
        with httpx.Client(base_url=plane.url) as client:
            for number in range(1000):
                answer = client.post("/v1/jobs", json=SPEC | {"name": f"job-{client_number}-{number}"})
                promised.append(answer.json()["id"])
                if next(taken) == 60:
                    plane.kill()

    with ThreadPoolExecutor(4) as clients:
        ends = [clients.submit(submit_until_dead, number) for number in range(4)]
    assert all(isinstance(end.exception(), httpx.TransportError) for end in ends)
    plane.start()

    assert len(promised) >= 60
    assert set(promised) <= {job["id"] for job in plane.all_jobs()}


def test_a_job_is_taken_while_redis_is_down(plane: ControlPlane) -> None:
    plane.redis_server.kill()

    job_id = plane.submit()

    assert plane.job(job_id)["status"] == "queued"
    checks = plane.http.get("/readyz").json()["checks"]
    assert checks["database"]["ok"]
    assert not checks["redis"]["ok"]


@on_both_databases
def test_fifty_identical_creates_at_once_with_one_key_are_one_job(plane: ControlPlane, key: dict[str, str]) -> None:

    def submit(_: int) -> httpx.Response:
        return httpx.post(f"{plane.url}/v1/jobs", json=SPEC, headers=key, timeout=30)

    before = len(plane.all_jobs())
    with ThreadPoolExecutor(AT_ONCE) as clients:
        answers = list(clients.map(submit, range(AT_ONCE)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(plane.all_jobs()) == before + 1


@pytest.mark.parametrize("again", [{"name": "other"}, {"seed": 7}], ids=["another name", "another seed"])
def test_a_key_that_was_used_for_another_request_is_refused(
    plane: ControlPlane, key: dict[str, str], again: dict[str, int]
) -> None:
    made = plane.http.post("/v1/jobs", json=SPEC, headers=key).json()["id"]
    before = len(plane.all_jobs())

    answer = plane.http.post("/v1/jobs", json=SPEC | again, headers=key)

    assert answer.status_code == 422
    assert answer.json()["error"]["param"] == "Idempotency-Key"
    assert made in answer.json()["error"]["message"]
    assert len(plane.all_jobs()) == before


@on_both_databases
def test_a_refused_key_among_many_spoils_nothing_for_the_others(plane: ControlPlane, key: dict[str, str]) -> None:
    plane.http.post("/v1/jobs", json=SPEC, headers=key)

    def submit(number: int) -> httpx.Response:
        headers = key if number % 5 == 0 else {}
        return plane.http.post("/v1/jobs", json=SPEC | {"name": f"job-{number}"}, headers=headers)

    with ThreadPoolExecutor(10) as clients:
        statuses = [answer.status_code for answer in clients.map(submit, range(30))]

    assert statuses == [422 if number % 5 == 0 else 201 for number in range(30)]


@on_both_databases
def test_a_key_names_the_same_job_after_a_crash(plane: ControlPlane, key: dict[str, str]) -> None:
    made = plane.http.post("/v1/jobs", json=SPEC, headers=key).json()["id"]

    plane.restart()
    again = plane.http.post("/v1/jobs", json=SPEC, headers=key)

    assert again.status_code == 201
    assert again.json()["id"] == made


@on_both_databases
def test_a_job_with_a_key_says_that_it_is_queued_as_any_other(plane: ControlPlane, key: dict[str, str]) -> None:
    made = [plane.http.post("/v1/jobs", json=SPEC, headers=key).json()["id"] for _ in range(2)]

    assert made[0] == made[1]
    assert plane.moves(made[0]) == [("queued", 0, None)]
