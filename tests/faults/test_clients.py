"""Clients that ask twice, all at once, at the wrong moment, or are cut off: one job, one end, no gap."""

import json
import random
import socket
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.faults.cluster import Cluster
from tests.faults.followers import Followers
from tests.faults.invariants import journal_of
from tests.faults.looking import let_pass
from tests.faults.reliability import Recovery
from tests.stack.client import ENDED, wait_for


@pytest.mark.fault(16)
@pytest.mark.parametrize("also", ["nothing", "the API killed"])
def test_a_client_that_did_not_hear_the_answer_gets_the_same_job(
    cluster: Cluster, chance: random.Random, recovery: Recovery, also: str
) -> None:
    spec = cluster.spec(max_steps=3)
    key = f"key-{chance.getrandbits(64)}"

    send_and_hang_up(cluster.port, spec, key)
    if also == "the API killed":
        let_pass(chance.uniform(0, 0.05))
        cluster.api.kill()
        cluster.api.start()
    recovery.begins()

    answers = [create(cluster, spec, key) for _ in range(2)]
    recovery.ends()
    assert [answer.status_code for answer in answers] == [201, 201]
    (job_id,) = {answer.json()["id"] for answer in answers}
    cluster.promised.append(job_id)
    assert cluster.rows("SELECT id FROM jobs WHERE idempotency_key = ?", key) == [(job_id,)]
    assert cluster.wait_for_end(job_id)["status"] == "succeeded"


def send_and_hang_up(port: int, spec: dict[str, object], key: str) -> None:
    """Send a create, and leave before its answer."""
    body = json.dumps(spec)
    head = (
        f"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall((head + body).encode())


def create(cluster: Cluster, spec: dict[str, object], key: str) -> httpx.Response:
    """Create a job, and again while the service is away."""

    def look() -> httpx.Response | None:
        try:
            return cluster.http.post("/v1/jobs", json=spec, headers={"Idempotency-Key": key})
        except httpx.TransportError:
            return None

    return wait_for(look, lambda: "an answer", 30)


@pytest.mark.fault(17)
def test_fifty_identical_creates_at_once_with_one_key_are_one_job(cluster: Cluster, chance: random.Random) -> None:
    spec = cluster.spec(max_steps=2)
    key = f"key-{chance.getrandbits(64)}"

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: create(cluster, spec, key), range(50)))

    assert {answer.status_code for answer in answers} == {201}
    (job_id,) = {answer.json()["id"] for answer in answers}
    cluster.promised.append(job_id)
    other = create(cluster, {**spec, "seed": 7}, key)
    assert other.status_code == 422
    assert job_id in other.json()["error"]["message"]
    assert cluster.wait_for_end(job_id)["status"] == "succeeded"


@pytest.mark.fault(19)
def test_cancels_against_everything_else_end_each_job_in_one_way(cluster: Cluster, chance: random.Random) -> None:
    """Short jobs, each told twice to cancel, some to pause and resume as well, each at a moment of its own."""
    spec = cluster.spec(max_steps=1)
    answers: list[httpx.Response] = []

    def live(number: int) -> None:
        own = random.Random(f"{number}/{start}")
        job_id = cluster.submit(spec)
        words = own.choice([["cancel", "cancel"], ["pause", "cancel"], ["pause", "resume", "cancel", "cancel"]])
        for word in words:
            let_pass(own.expovariate(2))
            answers.append(cluster.http.post(f"/v1/jobs/{job_id}/{word}"))

    start = chance.random()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(live, range(16)))

    assert {answer.status_code for answer in answers} <= {200, 409}, [answer.text for answer in answers]
    for job_id in cluster.promised[-16:]:
        wait_for_a_rest(cluster, job_id)


def wait_for_a_rest(cluster: Cluster, job_id: str) -> None:
    job = cluster.wait_for_status(job_id, *ENDED, "paused", seconds=60)
    if job["status"] == "paused":
        assert cluster.tell(job_id, "cancel")["status"] == "cancelled"
    assert cluster.http.post(f"/v1/jobs/{job_id}/pause").status_code == 409


@pytest.mark.fault(19)
@pytest.mark.parametrize("when", ["queued", "starting", "running", "pausing"])
def test_a_job_cancelled_twice_is_cancelled_once(cluster: Cluster, when: str) -> None:
    fillers = [cluster.run(steps=1) for _ in cluster.workers] if when == "queued" else []
    spec = cluster.spec(max_steps=100_000)
    job_id = cluster.submit(spec)
    if when in {"running", "pausing"}:
        cluster.wait_for_step(job_id, 1)
    if when == "pausing":
        cluster.tell(job_id, "pause")

    first, second = cluster.tell(job_id, "cancel"), cluster.tell(job_id, "cancel")

    expected = {"cancelled"} if when == "queued" else {"cancelling", "cancelled"}
    assert {first["status"], second["status"]} <= expected
    assert cluster.wait_for_end(job_id)["status"] == "cancelled"
    for filler in fillers:
        cluster.tell(filler, "cancel")
        cluster.wait_for_end(filler)


@pytest.mark.fault(23)
def test_an_api_with_a_hundred_followers_is_down_within_five_seconds_and_each_reads_on_without_a_gap(
    cluster: Cluster, chance: random.Random, recovery: Recovery
) -> None:
    job_id = cluster.run(steps=2, max_steps=100_000)
    with Followers(cluster.url, job_id, 100) as followers:
        followers.wait_until_all_read(chance.randint(20, 60))
        connected = list(followers.connections)

        assert cluster.api.stop() < 5
        cluster.api.start()
        recovery.begins()

        wait_for(
            lambda: all(now > then for now, then in zip(followers.connections, connected, strict=True)),
            lambda: "everybody to be back",
            30,
        )
        recovery.ends()
        cluster.tell(job_id, "cancel")
        followers.wait_until_all_ended()
    record = journal_of(cluster, job_id).decode().splitlines()
    assert all(lines == record for lines in followers.lines)
