"""Who may run a job: one attempt at a time, and never an older one again."""

import pytest
from redis import Redis
from tests.worker.rig import Rig, wait_for

from axo_contracts import redis_names
from axo_contracts.lifecycle import EndReason
from axo_worker.lease import Claim, Lease, is_superseded

JOB = "ftjob-0"


@pytest.fixture
def redis(redis_url: str) -> Redis:
    return Redis.from_url(redis_url)


def lease(redis: Redis, attempt: int, *, name: str = "a", seconds: float = 30) -> Lease:
    return Lease(redis, job_id=JOB, attempt=attempt, token=f"{attempt}:w:b:{name}", seconds=seconds)


def test_an_attempt_is_claimed_once(redis: Redis) -> None:
    first, again = lease(redis, 1, name="a"), lease(redis, 1, name="b")

    assert first.claim() is Claim.OK
    assert first.claim() is Claim.OK, "asked again after a lost reply"
    assert again.claim() is Claim.CLAIMED
    first.release()
    assert again.claim() is Claim.CLAIMED, "a late copy of the order"


def test_a_newer_attempt_waits_for_the_older_lease(redis: Redis) -> None:
    old, new = lease(redis, 1), lease(redis, 2)
    old.claim()

    assert new.claim() is Claim.HELD
    old.release()
    assert new.claim() is Claim.OK


def test_an_attempt_that_was_given_up_is_neither_claimed_nor_renewed(redis: Redis) -> None:
    old = lease(redis, 1)
    old.claim()
    redis.hset(redis_names.fence(JOB), "min", 2)

    assert not old.renew()
    assert lease(redis, 1, name="b").claim() is Claim.FENCED
    assert is_superseded(redis, JOB, 1)


def test_a_late_renewal_does_not_take_the_job_back(redis: Redis) -> None:
    old, new = lease(redis, 1), lease(redis, 2)
    old.claim()
    redis.delete(redis_names.lease(JOB))
    new.claim()
    new.release()

    assert not old.renew()
    assert not redis.exists(redis_names.lease(JOB))


def test_a_lease_outlives_a_wiped_redis(redis: Redis) -> None:
    held = lease(redis, 3)
    held.claim()
    redis.flushall()

    assert held.renew()
    assert redis.get(redis_names.lease(JOB)) == b"3:w:b:a"
    assert lease(redis, 3, name="b").claim() is Claim.CLAIMED


def test_a_lease_of_an_old_snapshot_yields_to_the_newer_attempt(redis: Redis) -> None:
    redis.set(redis_names.lease(JOB), "1:w:b:a")

    assert lease(redis, 2).renew()
    assert redis.get(redis_names.lease(JOB)) == b"2:w:b:a"


def test_a_run_is_safe_for_two_thirds_of_its_lease(redis: Redis) -> None:
    held = lease(redis, 1, seconds=900)

    held.claim()

    assert 590 < held.safe_seconds <= 600
    assert 890_000 < redis.pttl(redis_names.lease(JOB)) <= 900_000
    assert 0 < redis.ttl(redis_names.fence(JOB)) <= redis_names.FENCE_SECONDS


def test_the_same_order_delivered_twice_runs_once(worker: Rig) -> None:
    worker.start("obeys_the_control_file")
    order = worker.order(config={"max_steps": 3})
    worker.enqueue(order, rq_id="a-copy")

    worker.wait_for_end(order)

    refusals = ("answer=claimed", "has begun before")  # by Redis, or by the folder that the first one made
    wait_for(lambda: sum(map(worker.log().count, refusals)) == 1, "the copy to be refused")
    assert worker.texts(order).count("step 1") == 1


def test_a_run_whose_attempt_was_given_up_ends_without_a_word(worker: Rig) -> None:
    worker.start("ignores_sigterm")
    order = worker.order(lease_seconds=30.0)
    worker.wait_for_training(order)

    worker.redis.hset(redis_names.fence(order.job_id), "min", 2)

    worker.wait_until_dead(order)
    assert worker.ended(order) is None
    second = worker.order(config={"max_steps": 1}, job_id=order.job_id, attempt=2, stop_grace_seconds=0.1)
    worker.redis.set(redis_names.control(order.job_id), "2:cancel")
    assert worker.wait_for_end(second).reason is EndReason.CANCELLED
