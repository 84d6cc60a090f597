"""Redis is wiped, away, or slow while a run goes on: the run goes on, and nothing that it said is missing."""

import time
from typing import Any

from tests.redis_server import RedisServer
from tests.worker.rig import Rig, wait_for

from axo_contracts import redis_names
from axo_contracts.lifecycle import EndReason


def test_a_wiped_redis_gets_its_lease_and_the_frames_back(worker: Rig) -> None:
    worker.start("obeys_the_control_file")
    order = worker.order(lease_seconds=5.0, config={"max_steps": 200})
    worker.wait_for_training(order)
    worker.recorder.is_paused = True
    wait_for(lambda: worker.redis.xlen(redis_names.FRAMES) > 5, "frames in flight")

    worker.redis.flushall()
    wait_for(lambda: worker.redis.exists(redis_names.lease(order.job_id)), "the lease to be taken again", 15)
    worker.recorder.is_paused = False

    assert worker.wait_for_end(order, seconds=30).reason is EndReason.COMPLETED
    assert [text for text in worker.texts(order) if text.startswith("step")] == [f"step {n}" for n in range(1, 201)]


def test_a_recorder_that_was_away_gets_each_frame_once(worker: Rig) -> None:
    worker.start("obeys_the_control_file")
    order = worker.order(config={"max_steps": 200})
    worker.wait_for_training(order)
    worker.recorder.is_paused = True
    before = _looks(worker)
    wait_for(lambda: _looks(worker) > before, "the sender to look whether Redis has lost what it sent")

    worker.recorder.is_paused = False

    assert worker.wait_for_end(order).reason is EndReason.COMPLETED
    assert worker.recorder.repeats == 0, "what is still in Redis need not be sent again"


def test_what_is_in_flight_is_bounded_while_nobody_records(worker: Rig) -> None:
    worker.start("prints_a_million_lines")
    order = worker.order()
    worker.wait_for_training(order)
    worker.recorder.is_paused = True

    wait_for(lambda: not worker.tree(order), "the trainer to be through with its printing", 30)
    in_flight = worker.redis.memory_usage(redis_names.FRAMES) or 0

    assert in_flight < 10 * 1024 * 1024
    worker.recorder.is_paused = False
    assert worker.wait_for_end(order, seconds=30).reason is EndReason.COMPLETED


def test_a_run_outlives_an_outage_that_its_lease_allows(worker: Rig, redis_server: RedisServer) -> None:
    worker.start("obeys_the_control_file")
    order = worker.order(lease_seconds=30.0, config={"max_steps": 300})
    worker.wait_for_training(order)
    launcher = worker.process("launcher", order).pid

    redis_server.kill()
    time.sleep(11)
    assert worker.process("launcher", order).pid == launcher
    redis_server.start()

    assert worker.wait_for_end(order, seconds=30).reason is EndReason.COMPLETED
    assert [text for text in worker.texts(order) if text.startswith("step")] == [f"step {n}" for n in range(1, 301)]
    assert worker.state() is not None
    follower = worker.order(config={"max_steps": 1})
    assert worker.wait_for_end(follower, seconds=40).reason is EndReason.COMPLETED


def test_a_run_that_can_not_renew_ends_at_two_thirds_of_its_lease(worker: Rig, redis_server: RedisServer) -> None:
    worker.start("ignores_sigterm")
    order = worker.order(lease_seconds=12.0)
    worker.wait_for_training(order)

    redis_server.freeze()

    worker.wait_until_dead(order, seconds=8.0 + 2.0)
    redis_server.thaw()
    assert worker.wait_for_end(order).reason is EndReason.WORKER_LOST


def _looks(worker: Rig) -> int:
    """Return how often the frames in flight were looked for: nothing but a stalled sender does."""
    counted: Any = worker.redis.info("commandstats")
    return int(counted.get("cmdstat_xrange", {"calls": 0})["calls"])
