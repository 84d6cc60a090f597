"""An order that goes missing, or comes twice, between the commit and the claim: the attempt starts exactly once."""

import random

import pytest
from redis import Redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from tests.faults.cluster import Cluster, freeze, thaw
from tests.faults.invariants import stamps_of
from tests.faults.looking import let_pass
from tests.faults.reliability import Recovery
from tests.stack.client import wait_for

from axo_contracts import redis_names
from axo_contracts.orders import RUN_JOB


def has_run_once(cluster: Cluster, job_id: str) -> None:
    job = cluster.wait_for_end(job_id)
    assert (job["status"], job["attempt"]) == ("succeeded", 1)
    (stamps,) = stamps_of(cluster, job_id).values()
    assert len({pid for pid, _ in stamps}) == 1


@pytest.mark.fault(13)
def test_an_api_killed_between_the_commit_and_the_enqueue_starts_the_job_once(
    cluster: Cluster, recovery: Recovery
) -> None:
    spec = cluster.spec(max_steps=5)
    cluster.api_link.hold_at(b"rq:queue:axo-worker")
    job_id = cluster.submit(spec)
    assert cluster.api_link.caught.wait(10), "the order to be on its way"
    assert cluster.rows("SELECT ordered_at FROM attempts WHERE job_id = ?", job_id) == [(None,)]

    cluster.api.kill()
    cluster.api_link.mend()
    cluster.api.start()
    recovery.begins()

    has_run_once(cluster, job_id)
    recovery.ends()


@pytest.mark.fault(13)
def test_an_api_killed_at_any_moment_behind_a_submit_starts_the_job_once(
    cluster: Cluster, chance: random.Random, recovery: Recovery
) -> None:
    spec = cluster.spec(max_steps=5)
    for _ in range(3):
        job_id = cluster.submit(spec)
        let_pass(chance.uniform(0, 0.15))
        cluster.api.kill()
        cluster.api.start()
        recovery.begins()

        has_run_once(cluster, job_id)
        recovery.ends()


@pytest.mark.fault(14)
def test_an_enqueue_whose_reply_is_lost_starts_the_job_once(cluster: Cluster, recovery: Recovery) -> None:
    spec = cluster.spec(max_steps=5)
    cluster.api_link.lose_reply_to(b"RPUSH")

    job_id = cluster.submit(spec)
    assert cluster.api_link.caught.wait(10), "the reply to be lost"
    recovery.begins()

    has_run_once(cluster, job_id)
    recovery.ends()


@pytest.mark.fault(18)
def test_an_order_delivered_twice_to_each_worker_runs_once(cluster: Cluster) -> None:
    workers = [process for worker in cluster.workers for process in worker.service_processes()]
    freeze(workers)
    job_id = cluster.submit(max_steps=20)
    with cluster.broker() as redis:
        order = wait_for(lambda: order_of(redis, job_id), lambda: "the order", 10)
        for number, worker in enumerate([*cluster.workers, *cluster.workers]):
            queue = Queue(redis_names.queue(worker.id), connection=redis, serializer=JSONSerializer)
            queue.enqueue(RUN_JOB, args=[order], job_id=f"{job_id}-copy-{number}", job_timeout=-1, result_ttl=0)
    thaw(workers)

    has_run_once(cluster, job_id)
    later = [cluster.submit(max_steps=2) for _ in cluster.workers]
    for other in later:
        assert cluster.wait_for_end(other)["status"] == "succeeded"
    has_run_once(cluster, job_id)


def order_of(redis: Redis, job_id: str) -> object:
    """Return the order of a job's first attempt, as it lies in Redis."""
    name = f"{job_id}-1"
    if not Job.exists(name, connection=redis):
        return None
    return Job.fetch(name, connection=redis, serializer=JSONSerializer).args[0]
