"""Whatever part of a worker dies, nothing of the trainer's process tree lives on."""

import signal
from contextlib import suppress

import psutil
import pytest
from tests.worker.rig import Rig, wait_for

from axo_contracts.lifecycle import EndReason

SINS = ["ignores_sigterm", "setsids_a_grandchild"]
PARTS = ["agent", "slot", "horse", "guard", "launcher"]


@pytest.mark.parametrize("trainer", SINS)
@pytest.mark.parametrize("part", PARTS)
def test_a_killed_part_takes_the_whole_tree_with_it(worker: Rig, part: str, trainer: str) -> None:
    worker.start(trainer)
    order = worker.order()
    worker.wait_for_training(order)
    assert len(worker.tree(order)) >= 3

    worker.process(part, order).kill()

    worker.wait_until_dead(order)


@pytest.mark.parametrize("part", ["slot", "horse", "guard"])
def test_a_killed_part_ends_the_run_as_lost_and_frees_its_lease(worker: Rig, part: str) -> None:
    worker.start("ignores_the_control_file")
    order = worker.order()
    worker.wait_for_training(order)

    worker.process(part, order).kill()

    assert worker.wait_for_end(order).reason is EndReason.WORKER_LOST
    wait_for(lambda: not worker.redis.exists(f"axo:lease:{order.job_id}"), "the lease to be given back")
    wait_for(lambda: not list((worker.home / "runs").iterdir()), "the run's folder to be removed")


def test_a_worker_that_lost_its_slot_runs_the_next_order(worker: Rig) -> None:
    worker.start("obeys_the_control_file")
    first = worker.order()
    worker.wait_for_training(first)

    worker.process("slot", first).kill()
    second = worker.order(config={"max_steps": 2})

    assert worker.wait_for_end(second).reason is EndReason.COMPLETED


def test_an_agent_that_starts_again_ends_what_its_predecessor_left(worker: Rig) -> None:
    worker.start("obeys_the_control_file")
    order = worker.order()
    wait_for(lambda: "step 1" in worker.texts(order), "the first step")
    assert worker.agent
    worker.agent.kill()
    worker.agent.wait()

    worker.start("obeys_the_control_file")

    assert worker.wait_for_end(order).reason is EndReason.WORKER_LOST
    assert "step 1" in worker.texts(order)


def test_an_agent_that_starts_kills_what_nobody_guards(worker: Rig) -> None:
    worker.start("ignores_sigterm")
    order = worker.order()
    worker.wait_for_training(order)
    everything = [psutil.Process(worker.agent.pid)] if worker.agent else []
    everything += everything[0].children(recursive=True)
    survivor = worker.tree(order)[-1]
    for process in everything:
        process.suspend()
    for process in everything:
        if process != survivor:
            with suppress(psutil.NoSuchProcess):  # it went with one that was killed before it
                process.kill()

    worker.start("obeys_the_control_file")

    worker.wait_until_dead(order, seconds=40)


def test_a_stopped_horse_loses_its_tree_at_two_thirds_of_the_lease(worker: Rig) -> None:
    worker.start("ignores_sigterm")
    order = worker.order(lease_seconds=12.0)
    worker.wait_for_training(order)
    horse = worker.process("horse", order)

    horse.send_signal(signal.SIGSTOP)

    worker.wait_until_dead(order, seconds=8.0 + 2.0)
    assert worker.redis.exists(f"axo:lease:{order.job_id}"), "the tree must be gone before the lease is"
    horse.send_signal(signal.SIGCONT)
    assert worker.wait_for_end(order).reason is EndReason.WORKER_LOST
