"""What an endpoint can be told of: OpenAI's types of events, and axo's own."""

from enum import StrEnum

from axo_contracts.events import JobEvent
from axo_contracts.lifecycle import JobStatus


class EventType(StrEnum):
    """What an endpoint can be told of."""

    SUCCEEDED = "fine_tuning.job.succeeded"
    FAILED = "fine_tuning.job.failed"
    CANCELLED = "fine_tuning.job.cancelled"
    JOB_QUEUED = "axo.job.queued.v1"
    JOB_STARTING = "axo.job.starting.v1"
    JOB_STARTED = "axo.job.started.v1"
    JOB_PAUSING = "axo.job.pausing.v1"
    JOB_PAUSED = "axo.job.paused.v1"
    JOB_RESUMED = "axo.job.resumed.v1"  # queued again by somebody who had it paused
    JOB_CANCELLING = "axo.job.cancelling.v1"
    JOB_COMPLETED = "axo.job.completed.v1"
    JOB_FAILED = "axo.job.failed.v1"
    JOB_CANCELLED = "axo.job.cancelled.v1"


OPENAI: dict[JobStatus, EventType] = {
    JobStatus.SUCCEEDED: EventType.SUCCEEDED,
    JobStatus.FAILED: EventType.FAILED,
    JobStatus.CANCELLED: EventType.CANCELLED,
}
"""OpenAI's types, by the status that a job has reached."""


def types_of(event: JobEvent, *, is_training: bool) -> list[EventType]:
    """Return what a job's move is told as: axo's own type, and OpenAI's where it has one, which is of training only."""
    native = EventType(event.type)
    return [native, OPENAI[event.status]] if is_training and event.status in OPENAI else [native]
