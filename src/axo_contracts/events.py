"""What the world is told after each commit, by Redis, webhooks and `/v1/stream`: versioned, one JSON object each.

A type's fields only grow; a change that a bot could trip over is a new version beside the old one. `docs/events/` has a
JSON Schema of each, written from here by `scripts/event_schemas.py`.
"""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from axo_contracts.lifecycle import EndReason, JobStatus
from axo_contracts.standing import Standing

JOB_EVENTS: dict[JobStatus, str] = {
    JobStatus.QUEUED: "axo.job.queued.v1",
    JobStatus.STARTING: "axo.job.starting.v1",
    JobStatus.RUNNING: "axo.job.started.v1",
    JobStatus.PAUSING: "axo.job.pausing.v1",
    JobStatus.PAUSED: "axo.job.paused.v1",
    JobStatus.CANCELLING: "axo.job.cancelling.v1",
    JobStatus.SUCCEEDED: "axo.job.completed.v1",
    JobStatus.FAILED: "axo.job.failed.v1",
    JobStatus.CANCELLED: "axo.job.cancelled.v1",
}
JOB_RESUMED = "axo.job.resumed.v1"
JOB_PROGRESS = "axo.job.progress.v1"
JOB_CHECKPOINT = "axo.job.checkpoint.v1"
METRICS_CONFIG = "axo.metrics.config.v1"
METRICS_PROGRESS = "axo.metrics.progress.v1"
METRICS_COMPLETED = "axo.metrics.completed.v1"
MODEL_PROMOTED = "axo.model.promoted.v1"
WORKER_ONLINE = "axo.worker.online.v1"
WORKER_LOST = "axo.worker.lost.v1"
WORKER_DRAINED = "axo.worker.drained.v1"

ID_FIELD = b'{"id":"'
"""How an event's JSON begins. Its id is put behind that when it is published, which is when it is known."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What every event says."""

    id: Annotated[
        str, Meta(description="Its place in axo:events:log, or in /v1/stream; of a webhook the webhook's id.")
    ] = ""
    type: str
    time: Annotated[datetime, Meta(tz=True, description="When it happened.")]
    job: Annotated[str | None, Meta(description="The job's id.")] = None
    owner: Annotated[str | None, Meta(description="Whose job it is.")] = None
    name: Annotated[str | None, Meta(description="The name that people gave to the job, or the worker's.")] = None
    progress: Annotated[Standing | None, Meta(description="Where the job's run stands.")] = None
    message: Annotated[str, Meta(description="The same for a person, in a sentence or two.")]
    links: Annotated[dict[str, str], Meta(description="Where to ask for more, as paths of the HTTP API.")]


class JobEvent(Event, frozen=True, kw_only=True):
    """Something happened to a job."""

    job: str
    owner: str
    status: JobStatus
    attempt: int
    reason: Annotated[EndReason | None, Meta(description="Why the attempt ended.")] = None
    event: Annotated[int | None, Meta(description="The number of the job's event that says the same.")] = None


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint that is whole, and on disk."""

    step: int
    path: Annotated[str, Meta(description="Relative to the attempt's folder.")]
    bytes: int


class CheckpointEvent(JobEvent, frozen=True, kw_only=True):
    """A job has a new checkpoint."""

    checkpoint: Kept


class ConfigEvent(JobEvent, frozen=True, kw_only=True):
    """A job's training begins: what it trains, and how."""

    config: Annotated[dict[str, Any], Meta(description="base_model, method, adapter, hyperparameters and max_steps.")]


class MetricsEvent(JobEvent, frozen=True, kw_only=True):
    """What a job's trainer measured: the newest of each."""

    values: Annotated[dict[str, float | None], Meta(description="By name. What is no finite number is null.")]
    non_finite: Annotated[dict[str, str], Meta(description="What the values that are null were: nan, inf or -inf.")]


class ModelEvent(Event, frozen=True, kw_only=True):
    """A name has come to stand for another result, or another checkpoint."""

    job: Annotated[str, Meta(description="The job that trained what it stands for now.")]
    owner: str
    model: Annotated[str, Meta(description="The name that was moved.")]
    stands_for: Annotated[str, Meta(description="The own name of what it stands for now.")]
    before: Annotated[str | None, Meta(description="That of what it stood for before; null: it is new.")]
    moved_by: Annotated[str, Meta(description="The owner of the key that moved it.")]
    is_undo: bool
    gate: Annotated[
        dict[str, Any] | None, Meta(description="What was asked of an evaluation, with its figures; null: nothing.")
    ]


class WorkerEvent(Event, frozen=True, kw_only=True):
    """Something happened to a worker."""

    worker: str
    host: str


EVENT_TYPES: dict[str, type[Event]] = {
    **dict.fromkeys(JOB_EVENTS.values(), JobEvent),
    JOB_RESUMED: JobEvent,
    JOB_PROGRESS: JobEvent,
    JOB_CHECKPOINT: CheckpointEvent,
    METRICS_CONFIG: ConfigEvent,
    METRICS_PROGRESS: MetricsEvent,
    METRICS_COMPLETED: MetricsEvent,
    MODEL_PROMOTED: ModelEvent,
    WORKER_ONLINE: WorkerEvent,
    WORKER_LOST: WorkerEvent,
    WORKER_DRAINED: WorkerEvent,
}
"""Every type, and what an event of it is."""

_type_of = msgspec.json.Decoder(Event).decode


def decode_event(text: bytes) -> Event:
    """Return the event that `text` is. Raises `msgspec.DecodeError` for what is none, and KeyError for a new type."""
    return msgspec.json.decode(text, type=EVENT_TYPES[_type_of(text).type])
