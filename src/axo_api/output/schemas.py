"""A job's output as clients see it."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from axo_contracts.lifecycle import EndReason, JobStatus


class JobEvent(BaseModel):
    """One move of a job."""

    object: Literal["job.event"] = "job.event"
    id: int
    time: datetime
    status: JobStatus
    attempt: int
    reason: EndReason | None
    message: str
