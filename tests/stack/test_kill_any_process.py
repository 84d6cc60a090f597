"""`kill -9` of any process of the embedded stack: the job ends truthfully, without help; nothing is orphaned."""

from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest
from tests.stack.embedded import EmbeddedStack, wait_for

StartStack = Callable[..., EmbeddedStack]


@pytest.mark.parametrize("part", ["queue", "api", "agent", "slot", "horse", "guard", "launcher"])
def test_killing_a_process_ends_in_a_job_that_is_finished_or_truthfully_failed(stack: EmbeddedStack, part: str) -> None:
    job_id = stack.submit(max_steps=120)
    stack.wait_for_step(job_id, 5)
    before = {process.pid for process in stack.trainers()}

    victim = stack.process_of(part)
    victim.kill()

    job = stack.wait_for_end(job_id)
    if part == "launcher":
        assert (job["status"], job["error"]["code"]) == ("failed", "trainer_crashed"), job
    else:
        assert job["status"] == "succeeded", job
        assert job["progress"]["step"] == 120
    if part not in {"queue", "api"}:
        assert not before & {process.pid for process in stack.trainers()}
    wait_for(lambda: not stack.trainers(), lambda: f"every trainer to be gone: {stack.trainers()}", 30)
    stack.wait_until_ready()
    stack.stop()
    assert not stack.processes()


def test_killing_the_supervisor_leaves_nothing_and_the_next_start_finishes_the_job(stack: EmbeddedStack) -> None:
    job_id = stack.submit(max_steps=60)
    stack.wait_for_step(job_id, 5)

    stack.process.kill()

    wait_for(lambda: not stack.processes(), lambda: f"every process to be gone: {stack.processes()}", 30)
    stack.start_again()
    assert stack.wait_for_end(job_id)["status"] == "succeeded"


def test_killing_everything_at_once_loses_nothing(stack: EmbeddedStack) -> None:
    running = stack.submit(max_steps=60)
    queued = stack.submit(max_steps=2)
    stack.wait_for_step(running, 5)

    for process in stack.processes():
        with suppress(psutil.NoSuchProcess):  # it went with one that was killed before it
            process.kill()

    wait_for(lambda: not stack.processes(), lambda: f"every process to be gone: {stack.processes()}", 30)
    stack.start_again()
    assert stack.wait_for_end(running)["status"] == "succeeded"
    assert stack.wait_for_end(queued)["status"] == "succeeded"
