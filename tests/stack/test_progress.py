"""How far a job is, as the service says it while it runs and while it waits."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.stack.embedded import EmbeddedStack, wait_for


@pytest.fixture
def stack(shared_stack: EmbeddedStack) -> EmbeddedStack:
    """The stack that the tests of this file share."""
    return shared_stack


def test_a_running_job_says_its_phase_its_pace_and_when_it_will_be_done(stack: EmbeddedStack) -> None:
    job_id = stack.submit(max_steps=10_000)

    progress = _progress_with_an_end(stack, job_id)

    assert (progress["phase"], progress["max_steps"]) == ("training", 10_000)
    left = (10_000 - progress["step"]) / progress["steps_per_second"]
    assert progress["eta_seconds"] == pytest.approx(left, rel=0.2)
    openai = stack.http.get(f"/v1/fine_tuning/jobs/{job_id}").json()
    assert openai["estimated_finish"] - datetime.now(UTC).timestamp() == pytest.approx(left, rel=0.5)
    stack.tell(job_id, "cancel")
    ended = stack.wait_for_end(job_id)["progress"]
    assert (ended["phase"], ended["eta_seconds"]) == (None, None)


def test_a_resumed_run_is_reckoned_by_its_own_pace_alone(stack: EmbeddedStack) -> None:
    job_id = stack.submit(max_steps=10_000)
    _progress_with_an_end(stack, job_id)
    stack.tell(job_id, "pause")
    paused = stack.wait_for_status(job_id, "paused")["progress"]
    assert paused["eta_seconds"] is None

    stack.tell(job_id, "resume")

    progress = _progress_with_an_end(stack, job_id)
    assert stack.job(job_id)["attempt"] == 2
    assert progress["step"] > 0
    assert progress["steps_per_second"] is not None
    stack.tell(job_id, "cancel")
    stack.wait_for_end(job_id)


def test_a_queued_job_says_its_place_why_it_waits_and_when_it_starts(stack: EmbeddedStack) -> None:
    stack.wait_for_end(stack.submit(max_steps=5))  # from now on, the service knows how long such jobs take
    running, first, second = (stack.submit(max_steps=10_000) for _ in range(3))
    _progress_with_an_end(stack, running)

    wait_for(lambda: stack.job(second)["waiting"]["estimated_start"], lambda: f"a start: {stack.job(second)}", 30)
    waits = [stack.job(job_id)["waiting"] for job_id in (first, second)]

    assert [waiting["position"] for waiting in waits] == [1, 2]
    assert waits[0]["reason"].startswith("waits for a free slot; next free in about ")
    starts = [datetime.fromisoformat(waiting["estimated_start"]) for waiting in waits]
    assert datetime.now(UTC) < starts[0] < starts[1]
    queue = stack.http.get("/v1/queue").json()["data"]
    assert [job["id"] for job in queue] == [first, second]
    assert queue[0]["estimated_start"] is not None
    for job_id in (second, first, running):
        stack.tell(job_id, "cancel")
    stack.wait_for_end(running)
    assert stack.job(running)["waiting"] is None


def test_a_job_that_no_worker_can_take_is_told_no_time(stack: EmbeddedStack) -> None:
    job_id = stack.submit(max_steps=5, resources={"gpus": 4})

    waiting = stack.job(job_id)["waiting"]

    assert waiting == {
        "position": 1,
        "reason": "needs 4 GPUs on one host; the largest worker has 0",
        "estimated_start": None,
    }
    stack.tell(job_id, "cancel")


def _progress_with_an_end(stack: EmbeddedStack, job_id: str) -> dict[str, Any]:
    """Return a job's progress, once the service knows when it will be done."""

    def look() -> dict[str, Any] | None:
        progress: dict[str, Any] | None = stack.job(job_id)["progress"]
        return progress if progress and progress["eta_seconds"] is not None else None

    return wait_for(look, lambda: f"{job_id} to have an end: {stack.job(job_id)}", 60)
