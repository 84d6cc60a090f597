"""Recorded moves and notices as the events that the world is told."""

from collections.abc import Mapping
from typing import Any

import msgspec
from pydantic import ValidationError
from sqlalchemy import RowMapping

from axo_contracts.events import (
    EVENT_TYPES,
    JOB_CHECKPOINT,
    JOB_EVENTS,
    JOB_RESUMED,
    METRICS_COMPLETED,
    METRICS_CONFIG,
    METRICS_PROGRESS,
    ConfigEvent,
    Event,
    JobEvent,
    WorkerEvent,
)
from axo_contracts.jobs import TrainSpec, spec_from_json
from axo_contracts.lifecycle import JobStatus
from axo_contracts.standing import Standing, standing_from_json
from axo_contracts.standing_text import progress_sentence

_SENTENCES: dict[JobStatus, str] = {
    JobStatus.VALIDATING_FILES: "The job's files are being read.",
    JobStatus.QUEUED: "The job waits for a worker.",
    JobStatus.STARTING: "The job was given to a worker.",
    JobStatus.RUNNING: "The job's trainer was started.",
    JobStatus.PAUSING: "The job was asked to pause at its next step.",
    JobStatus.PAUSED: "The job is paused.",
    JobStatus.CANCELLING: "The job was asked to stop at its next step.",
    JobStatus.SUCCEEDED: "The training ended and its result is whole.",
    JobStatus.FAILED: "The job failed.",
    JobStatus.CANCELLED: "The job was cancelled.",
}


def event_of_move(row: RowMapping) -> Event:
    """Return the event of a move: a row of `job_events` with its job's owner, name, standing and `status_before`."""
    status = JobStatus(row["status"])
    is_resumed = status is JobStatus.QUEUED and row["status_before"] == JobStatus.PAUSED
    standing = standing_from_json(row["standing"])
    return JobEvent(
        type=JOB_RESUMED if is_resumed else JOB_EVENTS[status],
        time=row["time"],
        job=row["job_id"],
        owner=row["owner"],
        name=row["name"],
        progress=standing if standing and standing.attempt <= row["attempt"] else None,
        status=status,
        attempt=row["attempt"],
        reason=row["reason"],
        message=row["message"] or ("The job goes on: it waits for a worker." if is_resumed else _SENTENCES[status]),
        links=_links(row["job_id"]),
        event=row["id"],
    )


def event_of_notice(row: RowMapping) -> Event:
    """Return the event of a notice: a row of `notices`, with its job's owner, name and spec."""
    common = {"type": row["type"], "time": row["time"], **row["body"]}
    if row["job_id"] is None:
        return msgspec.convert({**common, "links": {"workers": "/v1/workers"}}, WorkerEvent)
    standing = standing_from_json(row["body"]["progress"])
    fields = {
        **common,
        "job": row["job_id"],
        "owner": row["owner"],
        "name": row["name"],
        "status": JobStatus.RUNNING,
        "message": _message(row["type"], standing, row["body"]),
        "links": _links(row["job_id"]),
    }
    kind = EVENT_TYPES[row["type"]]
    if kind is ConfigEvent:
        fields["config"] = _config(row["spec"], standing)
    return msgspec.convert(fields, kind)


def _message(kind: str, standing: Standing | None, body: Mapping[str, Any]) -> str:
    if kind == JOB_CHECKPOINT:
        return f"Checkpoint at step {body['checkpoint']['step']}."
    if kind == METRICS_CONFIG:
        return f"Training begins, with {standing.max_steps} steps to make." if standing else "Training begins."
    if kind in {METRICS_PROGRESS, METRICS_COMPLETED}:
        values = {**body["values"], **body["non_finite"]}
        return ", ".join(f"{name} {_figure(value)}" for name, value in values.items() if value is not None)
    return progress_sentence(standing) if standing else ""


def _figure(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"


def _config(spec_json: dict[str, Any], standing: Standing | None) -> dict[str, Any]:
    max_steps = standing.max_steps if standing else None
    try:
        spec = spec_from_json(spec_json)
    except ValidationError:  # of another version of axo: what is behind it must be told all the same
        return {"max_steps": max_steps}
    return {
        "base_model": spec.base_model,
        "method": spec.method_name,
        "adapter": spec.adapter_name,
        "hyperparameters": spec.hyperparameters.model_dump(mode="json") if isinstance(spec, TrainSpec) else {},
        "max_steps": max_steps,
    }


def _links(job_id: str) -> dict[str, str]:
    job = f"/v1/jobs/{job_id}"
    return {"job": job, "stream": f"{job}/stream", "metrics": f"{job}/metrics"}
