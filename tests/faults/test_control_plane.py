"""The control plane loses its process or its database, or everything dies at once: the record goes on without a gap."""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from tests.faults.cluster import Cluster
from tests.faults.followers import Followers
from tests.faults.invariants import journal_of
from tests.faults.looking import long, steps_of
from tests.faults.reliability import Recovery
from tests.postgres import PostgresServer
from tests.stack.client import wait_for
from tests.stack.embedded import EmbeddedStack

from axo_api.migrations import upgrade


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    """A running Postgres that the test may stop and start."""
    with tempfile.TemporaryDirectory(prefix="axo-postgres-") as folder:  # a socket's path must be short
        server = PostgresServer(Path(folder))
        server.create()
        server.start()
        yield server
        server.stop()


@pytest.mark.fault(15)
@pytest.mark.parametrize("seconds", long(6, 60))
def test_a_database_that_is_away_is_said_to_be_and_nothing_of_the_training_is_missing_later(
    postgres: PostgresServer, start_cluster: Callable[..., Cluster], recovery: Recovery, seconds: int
) -> None:
    url = postgres.new_database()
    upgrade(url)
    cluster = start_cluster(AXO_DATABASE_URL=url)
    spec = cluster.spec(max_steps=3)
    last = 20 * seconds + 40
    job_id = cluster.run(steps=2, max_steps=last)

    postgres.stop()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        answer = cluster.http.post("/v1/jobs", json=spec)
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["Retry-After"]) > 0
        assert cluster.tree(job_id, 1), "training goes on"
    assert not cluster.http.get("/readyz").json()["checks"]["database"]["ok"]
    postgres.start()
    recovery.begins()
    cluster.wait_for_job(job_id, lambda job: job["status"] in {"running", "succeeded"}, "to be known again", 20)
    queued = create_once_it_is_back(cluster, spec)
    recovery.ends()

    job = cluster.wait_for_end(job_id, 60)
    assert (job["status"], job["attempt"]) == ("succeeded", 1)
    assert steps_of(cluster, job_id) == list(range(1, last + 1))
    (loss,) = cluster.http.get(f"/v1/jobs/{job_id}/metrics", params={"names": "loss", "points": 9999}).json()["data"]
    assert loss["steps"] == list(range(1, last + 1))
    assert cluster.wait_for_end(queued)["status"] == "succeeded"


def create_once_it_is_back(cluster: Cluster, spec: dict[str, object]) -> str:
    def look() -> str | None:
        answer = cluster.http.post("/v1/jobs", json=spec)
        return str(answer.json()["id"]) if answer.status_code == 201 else None

    cluster.promised.append(wait_for(look, lambda: "the database to be back", 20))
    return cluster.promised[-1]


@pytest.mark.fault(26)
def test_an_api_killed_while_it_journals_goes_on_from_the_last_whole_frame(
    cluster: Cluster, chance: random.Random, recovery: Recovery
) -> None:
    job_id = cluster.run(steps=2, trainer="prints_as_it_trains", max_steps=400)
    with Followers(cluster.url, job_id, 10) as followers:
        for _ in range(2):
            size = len(journal_of(cluster, job_id))
            more = chance.randint(1, 40_000)
            wait_for(lambda: len(journal_of(cluster, job_id)) > size + more, lambda: "the journal to grow", 30)  # noqa: B023

            cluster.api.kill()
            at_the_kill = journal_of(cluster, job_id)
            cluster.api.start()
            recovery.begins()

            wait_for(lambda: len(journal_of(cluster, job_id)) > len(at_the_kill), lambda: "the journal to go on", 30)  # noqa: B023
            recovery.ends()
            whole = at_the_kill[: at_the_kill.rfind(b"\n") + 1]
            assert journal_of(cluster, job_id).startswith(whole), "what was whole stays as it was"
        job = cluster.wait_for_end(job_id)
        assert (job["status"], job["attempt"]) == ("succeeded", 1)
        followers.wait_until_all_ended()
    record = journal_of(cluster, job_id).decode().splitlines()
    assert all(lines == record for lines in followers.lines)
    assert steps_of(cluster, job_id) == list(range(1, 401))


@pytest.mark.fault(28)
def test_a_stack_of_which_everything_was_killed_at_once_recovers_without_a_hand(
    start_stack: Callable[..., EmbeddedStack], chance: random.Random, recovery: Recovery
) -> None:
    stack = start_stack()
    running = stack.submit(max_steps=200)
    others = [stack.submit(max_steps=2) for _ in range(3)]
    stack.wait_for_step(running, chance.randint(1, 40))

    for _ in range(chance.randint(1, 2)):
        for process in stack.processes():
            with suppress(psutil.NoSuchProcess):  # it went with one that was killed before it
                process.kill()
        wait_for(lambda: not stack.processes(), lambda: f"every process to be gone: {stack.processes()}", 30)
        recovery.begins()
        stack.start_again()
        stack.wait_for_job(running, lambda job: job["status"] == "running", "to go on")
        recovery.ends()

    for job_id in (running, *others):
        assert stack.wait_for_end(job_id)["status"] == "succeeded"
    assert set(steps_of(stack, running)) == set(range(1, 201))
