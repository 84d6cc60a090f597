"""Redis is away, emptied, set back, slow or full: nothing is lost or doubled, and cancels and pauses still act."""

import random
import time
from collections.abc import Callable, Iterator

import pytest
from tests.faults.cluster import Cluster, freeze, thaw
from tests.faults.invariants import spools, stamps_of
from tests.faults.looking import long, steps_of
from tests.faults.reliability import Recovery
from tests.stack.client import wait_for

from axo_contracts import redis_names

STEPS = 320  # enough that a job still trains when Redis has been broken three times on a busy machine


@pytest.mark.fault(7)
def test_a_job_submitted_while_redis_is_down_starts_soon_after_its_return(cluster: Cluster, recovery: Recovery) -> None:
    spec = cluster.spec(max_steps=5)
    cluster.redis.kill()

    jobs = [cluster.submit(spec) for _ in range(2)]
    assert {cluster.job(job_id)["status"] for job_id in jobs} == {"queued"}

    cluster.redis.start()
    recovery.begins()
    for job_id in jobs:
        cluster.wait_for_job(job_id, lambda job: job["status"] != "queued", "to be dispatched", 5)
    recovery.ends()
    for job_id in jobs:
        assert cluster.wait_for_end(job_id)["status"] == "succeeded"


@pytest.fixture(params=["flushed", "tail lost", "set back"])
def break_redis(request: pytest.FixtureRequest, cluster: Cluster, chance: random.Random) -> Callable[[], None]:
    """Have Redis forget: everything, the newest, or all since this fixture was made."""
    early = cluster.redis.keep_copy()

    def restart(meanwhile: Callable[[], None]) -> None:
        cluster.redis.kill()
        meanwhile()
        cluster.redis.start()

    def break_it() -> None:
        match request.param:
            case "flushed":
                with cluster.broker() as redis:
                    redis.flushall()
            case "tail lost":
                restart(lambda: cluster.redis.lose_tail(chance.random()))
            case "set back":
                restart(lambda: cluster.redis.restore(early))

    return break_it


@pytest.mark.parametrize(
    "break_redis",
    [
        pytest.param("flushed", marks=pytest.mark.fault(8)),
        pytest.param("tail lost", marks=[pytest.mark.fault(9), pytest.mark.faults_long]),
        pytest.param("set back", marks=pytest.mark.fault(10)),
    ],
    indirect=True,
)
def test_a_redis_that_forgets_loses_and_doubles_nothing_and_what_is_asked_still_acts(
    cluster: Cluster, chance: random.Random, recovery: Recovery, break_redis: Callable[[], None]
) -> None:
    paused, cancelled = cluster.run(max_steps=STEPS), cluster.run(max_steps=100_000)
    queued = [cluster.submit(max_steps=5) for _ in range(2)]
    for _ in range(chance.randint(1, 3)):
        cluster.wait_for_step(paused, cluster.job(paused)["progress"]["step"] + chance.randint(1, 15))
        break_redis()
    recovery.begins()
    cluster.wait_for_step(paused, cluster.job(paused)["progress"]["step"] + 2, 20)
    recovery.ends()

    cluster.tell(paused, "pause")
    cluster.tell(cancelled, "cancel")
    break_redis()

    cluster.wait_for_status(paused, "paused", seconds=20)
    cluster.wait_for_status(cancelled, "cancelled", seconds=20)
    cluster.tell(paused, "resume")
    for job_id in queued:
        job = cluster.wait_for_end(job_id)
        assert (job["status"], job["attempt"]) == ("succeeded", 1)
    job = cluster.wait_for_end(paused)
    assert (job["status"], job["attempt"]) == ("succeeded", 2)
    assert steps_of(cluster, paused) == list(range(1, STEPS + 1))
    assert cluster.job(cancelled)["attempt"] == 1


@pytest.mark.fault(10)
def test_an_old_order_in_a_restored_redis_starts_nothing_that_has_run(cluster: Cluster) -> None:
    workers = [process for worker in cluster.workers for process in worker.service_processes()]
    freeze(workers)
    job_id = cluster.submit(max_steps=3)
    with cluster.broker() as redis:
        queues = [f"rq:queue:{redis_names.queue(worker.id)}" for worker in cluster.workers]
        wait_for(lambda: any(redis.llen(queue) for queue in queues), lambda: "the order to be in a queue", 10)
    with_the_order = cluster.redis.keep_copy()
    thaw(workers)
    cluster.wait_for_end(job_id)
    wait_for(lambda: not spools(cluster), lambda: "the run to be over on its host too", 10)
    trained = stamps_of(cluster, job_id)

    cluster.redis.kill()
    cluster.redis.restore(with_the_order)
    cluster.redis.start()
    with cluster.broker() as redis:
        wait_for(lambda: not any(redis.llen(queue) for queue in queues), lambda: "the order to be taken", 20)

    behind = [cluster.submit(max_steps=3) for _ in range(2)]
    for later in behind:
        assert cluster.wait_for_end(later)["status"] == "succeeded"
    assert stamps_of(cluster, job_id) == trained
    assert cluster.job(job_id)["attempt"] == 1


@pytest.mark.fault(11)
@pytest.mark.alone
@pytest.mark.parametrize("lease_seconds", [6, *long(30)])
def test_a_redis_that_stalls_for_a_third_of_a_lease_ends_nothing_and_the_api_answers(
    start_cluster: Callable[..., Cluster], chance: random.Random, recovery: Recovery, lease_seconds: int
) -> None:
    cluster = start_cluster(AXO_LEASE_SECONDS=str(lease_seconds))
    jobs = [cluster.run(steps=chance.randint(1, 10), max_steps=100_000) for _ in range(2)]
    spec = cluster.spec(max_steps=3)

    cluster.redis.freeze()
    until = time.monotonic() + lease_seconds / 3
    queued = cluster.submit(spec)
    slowest = 0.0
    while time.monotonic() < until:
        asked_at = time.monotonic()
        assert cluster.job(jobs[0])["status"] == "running"
        slowest = max(slowest, time.monotonic() - asked_at)
    asked_at = time.monotonic()
    cluster.tell(jobs[1], "cancel")
    assert time.monotonic() - asked_at < 2, "what needs Redis answers too"
    cluster.redis.thaw()
    recovery.begins()

    assert slowest < 1
    cluster.wait_for_status(jobs[1], "cancelled", seconds=20)
    assert cluster.wait_for_end(queued)["status"] == "succeeded"
    recovery.ends()
    assert cluster.job(jobs[0])["attempt"] == 1, "nobody was declared dead"
    assert cluster.job(jobs[0])["status"] == "running"
    cluster.tell(jobs[0], "cancel")
    cluster.wait_for_end(jobs[0])


@pytest.fixture(params=["full", *long("refusing writes")])
def refuse_writes(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Callable[[bool], None]]:
    """Have Redis refuse every write, or take them again: no memory is left, or it can't write to its disk."""
    in_the_way = cluster.redis.folder / "dump.rdb"

    def refuse(is_refusing: bool) -> None:
        with cluster.broker() as redis:
            if request.param == "full":
                redis.config_set("maxmemory", 1 if is_refusing else 0)
                return
            (in_the_way.mkdir if is_refusing else in_the_way.rmdir)()
            redis.config_set("save", "1000 1")
            redis.bgsave()
            wanted = "err" if is_refusing else "ok"
            wait_for(lambda: redis.info()["rdb_last_bgsave_status"] == wanted, lambda: "the save to end", 10)

    yield refuse
    if in_the_way.is_dir():
        in_the_way.rmdir()
    if cluster.redis.is_alive():
        with cluster.broker() as redis:
            redis.config_set("save", "")
            redis.config_set("maxmemory", 0)


@pytest.mark.fault(12)
def test_training_and_submits_go_on_while_redis_takes_no_writes(
    cluster: Cluster, chance: random.Random, recovery: Recovery, refuse_writes: Callable[[bool], None]
) -> None:
    job_id = cluster.run(steps=chance.randint(1, 10), max_steps=400)
    launcher = cluster.process_of(job_id, "launcher")
    spec = cluster.spec(max_steps=3)

    refuse_writes(True)
    until = time.monotonic() + 2 * cluster.lease_seconds
    queued = cluster.submit(spec)
    while time.monotonic() < until:
        assert launcher.is_running(), cluster.said()
        readiness = cluster.http.get("/readyz")
        assert readiness.status_code == 503
        assert not readiness.json()["checks"]["redis"]["ok"]
        time.sleep(0.2)
    refuse_writes(False)
    recovery.begins()

    assert cluster.wait_for_end(queued)["status"] == "succeeded"
    recovery.ends()
    job = cluster.wait_for_end(job_id)
    assert (job["status"], job["attempt"]) == ("succeeded", 1)
    assert steps_of(cluster, job_id) == list(range(1, 401))


@pytest.mark.fault(20)
@pytest.mark.alone
@pytest.mark.parametrize("attempts", [*long(1), 2])
def test_a_cancel_while_redis_is_away_acts_within_a_heartbeat_of_its_return(
    cluster: Cluster, chance: random.Random, recovery: Recovery, attempts: int
) -> None:
    job_id = cluster.run(steps=chance.randint(1, 20))
    if attempts == 2:
        cluster.tell(job_id, "pause")
        cluster.wait_for_status(job_id, "paused")
        cluster.tell(job_id, "resume")
        cluster.wait_for_status(job_id, "running")
    cluster.redis.kill()

    assert cluster.tell(job_id, "cancel")["status"] == "cancelling"

    cluster.redis.start()
    recovery.begins()
    wait_for(lambda: not cluster.tree(job_id, attempts), lambda: "the trainer to stop", 3)
    recovery.ends()
    assert cluster.wait_for_end(job_id)["status"] == "cancelled"
    assert cluster.job(job_id)["attempt"] == attempts
