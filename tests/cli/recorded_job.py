"""A job as the API shows it, and what it has said."""

from datetime import UTC, datetime, timedelta
from typing import Any

from axo_contracts import frames
from axo_contracts.lifecycle import EndReason, JobStatus

BEGIN = datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)

JOB_ID = "ftjob-01m80dj386h6snwnj5w2aq1gwa"


def job(**changes: Any) -> dict[str, Any]:
    """Return a job as the API shows it."""
    return {
        "id": JOB_ID,
        "object": "job",
        "name": "first",
        "kind": "train",
        "status": "succeeded",
        "owner": "local",
        "spec": {"base_model": "/models/tiny", "method": {"type": "sft"}, "adapter": {"type": "lora"}},
        "attempt": 1,
        "priority": 0,
        "metadata": {},
        "created_at": "2026-01-02T03:04:05Z",
        "started_at": "2026-01-02T03:04:06Z",
        "ended_at": "2026-01-02T03:05:06Z",
        "worker": "embedded",
        "progress": {
            "phase": None,
            "step": 20,
            "max_steps": 20,
            "epoch": 1.0,
            "tokens": None,
            "loss": 0.5,
            "non_finite": {},
            "first_loss": 6.0,
            "steps_per_second": None,
            "tokens_per_second": None,
            "eta_seconds": None,
            "eta_low_seconds": None,
            "eta_high_seconds": None,
            "updated_at": "2026-01-02T03:05:06Z",
        },
        "waiting": None,
        "after": None,
        "then": [],
        "reason": "completed",
        "message": "The run ended and its result is whole.",
        "error": None,
        "result": {"path": f"jobs/{JOB_ID}/attempts/1/outputs", "attempt": 1},
    } | changes


def journal() -> list[bytes]:
    """Return what such a job has said: 20 steps of one second each, a line of log after each."""
    said: list[frames.Frame] = [
        frames.Status(event=1, time=BEGIN, status=JobStatus.RUNNING, attempt=1),
        frames.AttemptStarted(attempt=1, seq=1, time=BEGIN, worker="embedded", gpus=()),
        frames.Phase(attempt=1, seq=2, time=BEGIN, phase="training", step=0, max_steps=20),
    ]
    for step in range(1, 21):
        time, seq = BEGIN + timedelta(seconds=step), 2 * step + 1
        values: dict[str, float | None] = {"loss": 6.0 / step}
        said += [
            frames.Metric(attempt=1, seq=seq, time=time, step=step, max_steps=20, epoch=step / 20, values=values),
            frames.Log(attempt=1, seq=seq + 1, time=time, text=f"line {step} \u2028 of the log"),
        ]
    said.append(frames.End(event=2, time=BEGIN, status=JobStatus.SUCCEEDED, reason=EndReason.COMPLETED))
    return [frames.encode(frame) for frame in said]
