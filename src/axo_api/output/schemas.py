"""A job's output as clients see it."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

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


class Checkpoint(BaseModel):
    """A state of the training that was kept."""

    object: Literal["job.checkpoint"] = "job.checkpoint"
    id: str
    attempt: int
    step: int
    path: str = Field(description="Relative to the attempt's folder.")
    bytes: int
    created_at: datetime
    available: bool = Field(description="Whether it is still there: a trainer may keep the newest ones only.")


class CheckpointList(BaseModel):
    """All checkpoints, oldest first."""

    object: Literal["list"] = "list"
    data: list[Checkpoint]
