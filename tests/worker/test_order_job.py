"""What lies in Redis can't make a worker run anything but our own function."""

import time

import pytest
from redis import Redis
from rq import Callback, Queue
from rq.serializers import JSONSerializer
from tests.worker.rig import WORKER_ID, Rig, wait_for

from axo_contracts import redis_names
from axo_contracts.lifecycle import EndReason
from axo_contracts.orders import RUN_JOB, order_to_json


def queue_of(redis: Redis) -> Queue:
    return Queue(redis_names.queue(WORKER_ID), connection=redis, serializer=JSONSerializer)


def test_a_planted_function_is_refused_and_the_next_order_runs(worker: Rig) -> None:
    planted = worker.home.parent / "planted"
    queue_of(worker.redis).enqueue("os.mkdir", args=[str(planted)], result_ttl=0)
    worker.start("obeys_the_control_file")

    order = worker.order(config={"max_steps": 1})

    assert worker.wait_for_end(order).reason is EndReason.COMPLETED
    assert not planted.exists()


@pytest.mark.parametrize("when", ["on_success", "on_failure", "on_stopped"])
def test_a_planted_callback_is_not_called(worker: Rig, when: str) -> None:
    order = worker.order(config={"max_steps": 1})
    job_id = f"{order.job_id}-1"
    worker.redis.flushall()
    callback = {when: Callback("shutil.rmtree")}
    queue_of(worker.redis).enqueue(RUN_JOB, args=[order_to_json(order)], job_id=job_id, job_timeout=-1, **callback)

    worker.start("obeys_the_control_file")

    assert worker.wait_for_end(order).reason is EndReason.COMPLETED
    wait_for(lambda: not queue_of(worker.redis).started_job_registry.get_job_ids(), "RQ to be done")
    assert "shutil" not in worker.log()


def test_an_idle_worker_uses_next_to_no_processor_time(worker: Rig) -> None:
    worker.start("obeys_the_control_file")
    worker.wait_for_end(worker.order(config={"max_steps": 1}))
    slot = worker.agent_process().children()[0]
    wait_for(lambda: not slot.children(), "the run's process to leave")
    processes = [worker.agent_process(), slot]
    before = sum(sum(process.cpu_times()[:2]) for process in processes)

    time.sleep(4)  # the span that is measured

    used = sum(sum(process.cpu_times()[:2]) for process in processes) - before
    assert used / 4 < 0.01
