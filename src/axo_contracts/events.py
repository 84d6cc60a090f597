"""What the world is told over Redis after each commit, for bots: versioned, one JSON object each."""

from datetime import datetime
from typing import Any

import msgspec

from axo_contracts.lifecycle import EndReason, JobStatus

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


class JobEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A job moved."""

    id: int
    type: str
    time: datetime
    job_id: str
    owner: str
    name: str | None
    status: JobStatus
    attempt: int
    reason: EndReason | None
    message: str
    links: dict[str, Any]
