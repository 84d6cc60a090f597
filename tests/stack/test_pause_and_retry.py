"""Stopping a job with its work kept: pause and resume, retry, and the remedies that a spec asks for."""

from functools import partial
from typing import Any

import pytest
from tests.stack.embedded import EmbeddedStack, wait_for

from axo_contracts import storage_paths


@pytest.fixture
def stack(shared_stack: EmbeddedStack) -> EmbeddedStack:
    """The stack that the tests of this file share."""
    return shared_stack


def test_a_paused_job_frees_its_place_and_goes_on_from_its_checkpoint(stack: EmbeddedStack) -> None:
    job_id = stack.submit(max_steps=200)
    stack.wait_for_step(job_id, 5)

    assert stack.http.post(f"/v1/jobs/{job_id}/pause").json()["status"] == "pausing"
    stack.wait_for_status(job_id, "paused")

    assert not stack.trainers()
    other = stack.submit(max_steps=2)
    assert stack.wait_for_end(other)["status"] == "succeeded"
    assert stack.job(job_id)["status"] == "paused"
    assert stack.http.post(f"/v1/jobs/{job_id}/resume").json()["status"] == "queued"
    assert stack.wait_for_end(job_id)["status"] == "succeeded"
    steps = [event["step"] for event in stack.stream(job_id) if event["type"] == "metric"]
    assert steps == list(range(1, 201))


def test_a_torn_checkpoint_is_skipped_for_the_one_before_it_and_an_event_says_so(stack: EmbeddedStack) -> None:
    job_id = stack.submit(max_steps=200)
    for step in (5, 15):
        stack.wait_for_step(job_id, step)
        stack.http.post(f"/v1/jobs/{job_id}/pause").raise_for_status()
        stack.wait_for_status(job_id, "paused")
        if step == 5:
            stack.http.post(f"/v1/jobs/{job_id}/resume").raise_for_status()
    whole, torn = stack.http.get(f"/v1/jobs/{job_id}/checkpoints").json()["data"]
    folder = stack.storage / storage_paths.attempt(job_id, 2) / "outputs" / f"checkpoint-{torn['step']}"
    (folder / "adapter_model.safetensors").write_bytes(b"torn")

    stack.http.post(f"/v1/jobs/{job_id}/resume").raise_for_status()

    assert stack.wait_for_end(job_id)["status"] == "succeeded"
    told = [event["message"] for event in stack.http.get(f"/v1/jobs/{job_id}/events").json()["data"]]
    name = f"checkpoint-{torn['step']} of attempt 2"
    (event,) = [message for message in told if name in message]
    assert f"{name} is not whole: adapter_model.safetensors has 4 bytes instead of" in event
    assert f"Goes on from step {whole['step']}." in event


def test_pause_and_resume_say_what_they_cannot_do(stack: EmbeddedStack) -> None:
    running = stack.submit(max_steps=10_000)
    stack.wait_for_status(running, "running")
    queued = stack.submit(max_steps=2)

    assert stack.http.post(f"/v1/jobs/{running}/resume").json()["status"] == "running"
    assert stack.http.post(f"/v1/jobs/{queued}/pause").json()["status"] == "paused"
    assert stack.http.post(f"/v1/jobs/{queued}/pause").json()["status"] == "paused"
    assert stack.http.post(f"/v1/jobs/{queued}/retry").status_code == 409
    assert stack.http.post(f"/v1/jobs/{queued}/cancel").json()["status"] == "cancelled"
    answer = stack.http.post(f"/v1/jobs/{queued}/resume")
    assert answer.status_code == 409
    assert "retry" in answer.json()["error"]["message"]


def test_a_pausing_job_can_be_cancelled(stack: EmbeddedStack) -> None:
    job_id = stack.submit(max_steps=10_000)
    stack.wait_for_step(job_id, 2)

    stack.http.post(f"/v1/jobs/{job_id}/pause").raise_for_status()
    answer = stack.http.post(f"/v1/jobs/{job_id}/cancel")

    assert answer.json()["status"] in {"cancelling", "cancelled"}
    assert stack.wait_for_end(job_id)["status"] == "cancelled"


def test_a_cancelled_job_is_retried_from_its_checkpoint_or_from_scratch(stack: EmbeddedStack) -> None:
    first = stack.submit(max_steps=120)
    stack.wait_for_step(first, 5)
    stack.http.post(f"/v1/jobs/{first}/cancel").raise_for_status()
    stack.wait_for_end(first)
    (checkpoint,) = stack.http.get(f"/v1/jobs/{first}/checkpoints").json()["data"]

    going_on = _retry(stack, first, from_checkpoint=True)
    named = _retry(stack, first, from_checkpoint=checkpoint["id"])
    afresh = _retry(stack, first, from_checkpoint=False)

    twice = [
        stack.http.post(f"/v1/jobs/{first}/retry", headers={"Idempotency-Key": "once"}).json()["id"] for _ in range(2)
    ]
    assert twice[0] == twice[1]
    stack.http.post(f"/v1/jobs/{twice[0]}/cancel").raise_for_status()
    assert going_on["retry_of"] == first
    for job, resumed_from in ((going_on, checkpoint["step"]), (named, checkpoint["step"]), (afresh, None)):
        assert stack.wait_for_end(job["id"])["status"] == "succeeded"
        started = next(event for event in stack.stream(job["id"]) if event["type"] == "attempt_started")
        assert started["resumed_from_step"] == resumed_from
    answer = stack.http.post(f"/v1/jobs/{first}/retry", json={"from_checkpoint": "ftckpt-nope"})
    assert answer.status_code == 404


def test_a_gpu_out_of_memory_is_tried_again_with_half_the_micro_batch(stack: EmbeddedStack) -> None:
    model = stack.model_for("runs_out_of_gpu_memory")
    spec = stack.spec(max_steps=3, base_model=model, limits={"on_oom": "halve_micro_batch"})
    spec["hyperparameters"] |= {"micro_batch_size": 4, "gradient_accumulation_steps": 2}

    job_id = stack.submit(spec)

    job = stack.wait_for_end(job_id)
    assert (job["status"], job["error"]["code"], job["attempt"]) == ("failed", "oom_gpu", 3)
    configs = [stack.http.get(f"/v1/jobs/{job_id}/config", params={"attempt": n}).text for n in (1, 2, 3)]
    assert ["micro_batch_size: 4" in configs[0], "micro_batch_size: 2" in configs[1]] == [True, True]
    assert "micro_batch_size: 1" in configs[2]
    assert "gradient_accumulation_steps: 8" in configs[2]
    messages = [event["message"] for event in stack.stream(job_id) if event["type"] == "status"]
    assert any("micro_batch_size 4 → 2" in message for message in messages)


def test_a_run_without_a_step_for_too_long_is_ended_as_stalled(stack: EmbeddedStack) -> None:
    job_id = stack.submit(base_model=stack.model_for("stops_stepping"), limits={"stall_seconds": 5})

    job = stack.wait_for_end(job_id)

    assert (job["status"], job["error"]["code"]) == ("failed", "stalled")
    assert not stack.trainers()


def test_a_job_that_runs_out_of_its_time_ends_with_a_checkpoint(stack: EmbeddedStack) -> None:
    job_id = stack.submit(max_steps=10_000, limits={"max_runtime_seconds": 10})
    stack.wait_for_step(job_id, 2)
    stack.http.post(f"/v1/jobs/{job_id}/pause").raise_for_status()
    stack.wait_for_status(job_id, "paused")
    stack.http.post(f"/v1/jobs/{job_id}/resume").raise_for_status()

    job = stack.wait_for_end(job_id)

    assert (job["status"], job["error"]["code"]) == ("failed", "timed_out")
    started = [event for event in stack.stream(job_id) if event["type"] == "attempt_started"]
    assert started[-1]["resumed_from_step"] >= 2
    steps = [checkpoint["step"] for checkpoint in stack.http.get(f"/v1/jobs/{job_id}/checkpoints").json()["data"]]
    assert max(steps) == job["progress"]["step"]


def test_a_job_that_loses_its_worker_three_times_is_taken_for_poison(stack: EmbeddedStack) -> None:
    job_id = stack.submit(max_steps=10_000)

    for attempt in (1, 2, 3):
        wait_for(partial(_is_running, stack, job_id, attempt), lambda: f"the next attempt of {job_id}", 40)
        stack.process_of("slot").kill()

    job = stack.wait_for_end(job_id)
    assert (job["status"], job["error"]["code"]) == ("failed", "worker_lost")
    assert "3 times" in job["error"]["message"]
    other = stack.submit(max_steps=2)
    assert stack.wait_for_end(other)["status"] == "succeeded"


def _is_running(stack: EmbeddedStack, job_id: str, attempt: int) -> bool:
    job = stack.job(job_id)
    return (job["status"], job["attempt"]) == ("running", attempt)


def _retry(stack: EmbeddedStack, job_id: str, *, from_checkpoint: bool | str) -> dict[str, Any]:
    answer = stack.http.post(f"/v1/jobs/{job_id}/retry", json={"from_checkpoint": from_checkpoint})
    assert answer.status_code == 201, answer.text
    job: dict[str, Any] = answer.json()
    return job
