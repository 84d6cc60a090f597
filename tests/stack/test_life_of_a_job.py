"""A job from its request to its end, through every part of the service."""

from typing import Any

import pytest
from tests.stack.embedded import EmbeddedStack, wait_for


@pytest.fixture
def stack(shared_stack: EmbeddedStack) -> EmbeddedStack:
    """The stack that the tests of this file share."""
    return shared_stack


def test_a_job_goes_from_request_to_result(stack: EmbeddedStack) -> None:
    job_id = stack.submit(max_steps=5, name="first")

    job = stack.wait_for_end(job_id)

    assert job["status"] == "succeeded", job
    assert (job["progress"]["step"], job["progress"]["first_loss"], job["progress"]["loss"]) == (5, 1.0, 0.2)
    assert (stack.home / "storage" / job["result"]["path"] / "adapter_model.safetensors").is_file()
    artifacts = stack.http.get(f"/v1/jobs/{job_id}/artifacts").json()["data"]
    assert any(artifact["path"].endswith("adapter_model.safetensors") for artifact in artifacts)
    (loss,) = stack.http.get(f"/v1/jobs/{job_id}/metrics", params={"names": "loss"}).json()["data"]
    assert loss["steps"] == [1, 2, 3, 4, 5]


def test_the_stream_tells_the_whole_life_in_order(stack: EmbeddedStack) -> None:
    job_id = stack.submit(max_steps=3)
    stack.wait_for_end(job_id)

    events = stack.stream(job_id)

    statuses = [event["status"] for event in events if event["type"] == "status"]
    assert statuses == ["queued", "starting", "running", "succeeded"]
    assert events[-1]["type"] == "end"
    numbered = [event["seq"] for event in events if "seq" in event]
    assert numbered == list(range(1, len(numbered) + 1))
    assert {"log", "metric", "checkpoint", "attempt_started", "attempt_ended"} <= {event["type"] for event in events}


def test_what_depends_on_the_device_is_resolved_when_the_job_is_placed(stack: EmbeddedStack) -> None:
    job_id = stack.submit(max_steps=1)

    assert stack.job(job_id)["spec"]["resources"]["precision"] == "auto"
    stack.wait_for_end(job_id)
    config = stack.http.get(f"/v1/jobs/{job_id}/config").text
    assert "bf16: false" in config
    assert "attn_implementation: sdpa" in config
    assert "lora_mlp_kernel: false" in config


def test_jobs_run_one_after_the_other_and_the_queue_says_why(stack: EmbeddedStack) -> None:
    first = stack.submit(max_steps=10_000)
    stack.wait_for_status(first, "running")
    second = stack.submit(max_steps=2)

    (waiting,) = stack.http.get("/v1/queue").json()["data"]

    assert (waiting["id"], waiting["position"]) == (second, 1)
    assert waiting["reason"].startswith("waits for a free slot")
    (worker,) = stack.http.get("/v1/workers").json()["data"]
    assert worker["running"] == [first]
    stack.http.post(f"/v1/jobs/{first}/cancel").raise_for_status()
    assert stack.wait_for_end(second)["status"] == "succeeded"


@pytest.mark.alone
def test_a_cancelled_run_is_gone_within_a_second_and_the_grace_and_its_checkpoint_is_listed(
    stack: EmbeddedStack,
) -> None:
    job_id = stack.submit(max_steps=10_000)
    stack.wait_for_step(job_id, 3)

    answer = stack.http.post(f"/v1/jobs/{job_id}/cancel")

    assert answer.json()["status"] == "cancelling"
    wait_for(lambda: not stack.trainers(), lambda: f"the tree to be gone: {stack.trainers()}", 1 + 3)
    assert stack.wait_for_end(job_id)["status"] == "cancelled"
    assert stack.stream(job_id)[-1] | {"time": ""} == _end_event("cancelled", stack.stream(job_id)[-1])
    assert stack.http.get(f"/v1/jobs/{job_id}/checkpoints").json()["data"]
    assert stack.http.post(f"/v1/jobs/{job_id}/cancel").json()["status"] == "cancelled"


@pytest.mark.alone
def test_a_trainer_that_ignores_the_request_to_stop_is_killed_after_the_grace(stack: EmbeddedStack) -> None:
    job_id = stack.submit(base_model=stack.model_for("ignores_the_control_file"))
    stack.wait_for_status(job_id, "running")
    wait_for(lambda: "Training begins" in stack.http.get(f"/v1/jobs/{job_id}/logs").text, lambda: "training", 20)

    stack.http.post(f"/v1/jobs/{job_id}/cancel").raise_for_status()

    wait_for(lambda: not stack.trainers(), lambda: f"the tree to be gone: {stack.trainers()}", 1 + 3 + 1)
    assert stack.wait_for_end(job_id)["status"] == "cancelled"


def test_a_queued_job_is_cancelled_at_once(stack: EmbeddedStack) -> None:
    running = stack.submit(max_steps=10_000)
    stack.wait_for_status(running, "running")
    queued = stack.submit()

    assert stack.http.post(f"/v1/jobs/{queued}/cancel").json()["status"] == "cancelled"
    assert stack.stream(queued)[-1]["type"] == "end"


@pytest.mark.parametrize(
    ("trainer", "reason", "told"),
    [
        ("dies_by_signal", "trainer_crashed", "about to die"),
        ("runs_out_of_gpu_memory", "oom_gpu", "CUDA out of memory"),
        ("loses_its_loss", "nan_loss", ""),
        ("cuts_its_result_short", "trainer_crashed", ""),
    ],
)
def test_a_trainer_that_fails_ends_the_job_with_a_reason_and_its_last_lines(
    stack: EmbeddedStack, trainer: str, reason: str, told: str
) -> None:
    job = stack.wait_for_end(stack.submit(base_model=stack.model_for(trainer)))

    assert (job["status"], job["error"]["code"]) == ("failed", reason)
    assert told in "\n".join(job["error"]["log_tail"])
    assert len(job["error"]["message"]) > 20


def test_ctrl_c_checkpoints_the_run_and_the_next_start_goes_on_from_there(stack: EmbeddedStack) -> None:
    job_id = stack.submit(max_steps=120)
    stack.wait_for_step(job_id, 3)

    stack.stop()

    assert not stack.processes()
    stack.start_again()
    job = stack.wait_for_end(job_id)
    assert (job["status"], job["attempt"]) == ("succeeded", 2)
    resumed = next(
        event for event in stack.stream(job_id) if event["type"] == "attempt_started" and event["attempt"] == 2
    )
    assert resumed["resumed_from_step"] >= 3


def _end_event(status: str, event: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "end",
        "event": event["event"],
        "time": "",
        "status": status,
        "reason": status,
        "message": "The job was cancelled.",
    }
