"""Notices as the events that the world is told."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from pydantic import ValidationError
from sqlalchemy import RowMapping

from axo_api.jobs.public_event import links_of
from axo_contracts.events import (
    EVENT_TYPES,
    JOB_CHECKPOINT,
    METRICS_COMPLETED,
    METRICS_CONFIG,
    METRICS_PROGRESS,
    MODEL_PROMOTED,
    ConfigEvent,
    Event,
    ModelEvent,
    WorkerEvent,
)
from axo_contracts.jobs import TrainSpec, spec_from_json
from axo_contracts.lifecycle import JobStatus
from axo_contracts.standing import Standing, standing_from_json
from axo_contracts.standing_text import progress_sentence


def event_of_notice(row: RowMapping) -> Event:
    """Return the event of a notice: a row of `notices`, with its job's owner, name and spec."""
    common = {"type": row["type"], "time": row["time"], **row["body"]}
    if row["job_id"] is None:
        return msgspec.convert({**common, "links": {"workers": "/v1/workers"}}, WorkerEvent)
    common |= {"job": row["job_id"], "owner": row["owner"], "name": row["name"]}
    if row["type"] == MODEL_PROMOTED:
        return _promoted(common, row["body"])
    standing = standing_from_json(row["body"]["progress"])
    fields = {
        **common,
        "status": JobStatus.RUNNING,
        "message": _message(row["type"], standing, row["body"]),
        "links": links_of(row["job_id"]),
    }
    kind = EVENT_TYPES[row["type"]]
    if kind is ConfigEvent:
        fields["config"] = _config(row["spec"], standing)
    return msgspec.convert(fields, kind)


def _promoted(common: Mapping[str, Any], body: Mapping[str, Any]) -> ModelEvent:
    how = "stands for this again" if body["is_undo"] else "stands for this now"
    model = f"/v1/models/{quote(body['model'], safe='')}"
    links = {"job": f"/v1/jobs/{common['job']}", "model": model, "history": f"{model}/history"}
    return msgspec.convert(
        {**common, "message": f"{body['model']} {how}: {body['stands_for']}.", "links": links}, ModelEvent
    )


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
