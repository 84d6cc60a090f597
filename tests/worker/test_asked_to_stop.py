"""Cancel, pause, drain, preemption: with a checkpoint where the trainer obeys, and dead after the grace where not."""

import signal

import pytest
from tests.worker.rig import Rig, wait_for

from axo_contracts.frames import Checkpoint
from axo_contracts.lifecycle import EndReason


@pytest.mark.parametrize(("word", "reason"), [("cancel", EndReason.CANCELLED), ("pause", EndReason.PAUSED)])
def test_a_run_stops_with_a_checkpoint(worker: Rig, word: str, reason: EndReason) -> None:
    worker.start("obeys_the_control_file")
    order = worker.order()
    worker.wait_for_training(order)

    worker.ask(order, word)

    assert worker.wait_for_end(order).reason is reason
    assert [frame for frame in worker.frames(order) if isinstance(frame, Checkpoint)]
    assert not worker.tree(order)


@pytest.mark.parametrize("trainer", ["ignores_the_control_file", "ignores_sigterm", "setsids_a_grandchild"])
def test_a_trainer_that_does_not_stop_is_dead_after_the_grace(worker: Rig, trainer: str) -> None:
    worker.start(trainer)
    order = worker.order(stop_grace_seconds=0.5)
    worker.wait_for_training(order)

    worker.ask(order, "cancel")

    worker.wait_until_dead(order, seconds=1.5)
    assert worker.wait_for_end(order).reason is EndReason.CANCELLED


def test_a_cancel_while_pausing_wins(worker: Rig) -> None:
    worker.start("ignores_the_control_file")
    order = worker.order(stop_grace_seconds=1.0)
    worker.wait_for_training(order)

    worker.ask(order, "pause")
    worker.ask(order, "cancel")

    assert worker.wait_for_end(order).reason is EndReason.CANCELLED


def test_a_cancel_for_another_attempt_is_not_obeyed(worker: Rig) -> None:
    worker.start("obeys_the_control_file")
    order = worker.order(attempt=2, config={"max_steps": 20})
    worker.wait_for_training(order)

    worker.redis.publish(f"axo:control:{order.job_id}", "1:cancel")

    assert worker.wait_for_end(order).reason is EndReason.COMPLETED


def test_a_cancel_that_was_said_before_the_order_came_is_obeyed(worker: Rig) -> None:
    order = worker.order()
    worker.ask(order, "cancel")

    worker.start("ignores_the_control_file")

    assert worker.wait_for_end(order).reason is EndReason.CANCELLED


def test_a_cancel_whose_message_got_lost_is_obeyed_at_the_next_renewal(worker: Rig) -> None:
    worker.start("obeys_the_control_file")
    order = worker.order(lease_seconds=5.0)
    worker.wait_for_training(order)

    worker.redis.set(f"axo:control:{order.job_id}", "1:cancel")

    assert worker.wait_for_end(order, seconds=15).reason is EndReason.CANCELLED


def test_a_drained_worker_ends_its_run_takes_no_other_and_leaves(worker: Rig) -> None:
    worker.start("obeys_the_control_file")
    order = worker.order(config={"max_steps": 100})
    worker.wait_for_training(order)
    assert worker.agent

    worker.agent.send_signal(signal.SIGTERM)
    wait_for(lambda: (state := worker.state()) and state.state == "draining", "the worker to say that it drains")
    waiting = worker.order()

    assert worker.wait_for_end(order).reason is EndReason.COMPLETED
    assert worker.agent.wait(30) == 0
    assert not worker.frames(waiting)


@pytest.mark.parametrize("signals", [[signal.SIGINT], [signal.SIGTERM, signal.SIGTERM]])
def test_a_worker_told_to_leave_saves_a_checkpoint_first(worker: Rig, signals: list[signal.Signals]) -> None:
    worker.start("obeys_the_control_file")
    order = worker.order()
    worker.wait_for_training(order)
    assert worker.agent

    first, *more = signals
    worker.agent.send_signal(first)
    for number in more:  # two of a kind that come at once are one
        wait_for(lambda: (state := worker.state()) and state.state == "draining", "the worker to drain")
        worker.agent.send_signal(number)

    assert worker.wait_for_end(order).reason is EndReason.PREEMPTED
    assert [frame for frame in worker.frames(order) if isinstance(frame, Checkpoint)]
    assert worker.agent.wait(30) == 0


def test_an_idle_worker_leaves_at_once(worker: Rig) -> None:
    worker.start("obeys_the_control_file")
    wait_for(worker.state, "the worker to be seen")
    order = worker.order(config={"max_steps": 1})
    worker.wait_for_end(order)
    assert worker.agent

    worker.agent.send_signal(signal.SIGTERM)

    assert worker.agent.wait(30) == 0
    assert worker.state() is None
