"""Jobs as clients see them."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping

from axo_contracts.lifecycle import ENDINGS, EndReason, JobStatus
from axo_contracts.storage_paths import OUTPUTS, attempt


class JobProgress(BaseModel):
    """How far a job is, as its trainer last said."""

    step: int
    max_steps: int
    epoch: float | None
    loss: float | None
    first_loss: float | None
    updated_at: datetime


class JobError(BaseModel):
    """Why a job failed."""

    code: EndReason
    message: str
    log_tail: list[str] = Field(description="The last lines that the trainer printed.")


class JobResult(BaseModel):
    """Where the result is: `path` is relative to the storage root."""

    attempt: int
    path: str


class Retry(BaseModel):
    """How to retry a job."""

    model_config = ConfigDict(extra="forbid")

    from_checkpoint: bool | Annotated[str, Field(pattern=r"^ftckpt-[0-9a-z]{1,32}$")] = Field(
        default=True,
        description="true: from its newest whole checkpoint, if it has one; false: from scratch; or a checkpoint's id.",
    )


class Job(BaseModel):
    """A job."""

    id: str = Field(examples=["ftjob-01m80dj386h6snwnj5w2aq1gwa"])
    object: Literal["job"] = "job"
    name: str | None
    kind: str
    status: JobStatus
    owner: str
    spec: dict[str, Any] = Field(description="The spec as it was given, with its defaults.")
    retry_of: str | None = Field(description="The job that this one tries again.")
    attempt: int = Field(description="How many times a worker was asked to run it. 0: not yet.")
    priority: int
    metadata: dict[str, str]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    worker: str | None = Field(description="The worker of its newest attempt.")
    progress: JobProgress | None
    reason: EndReason | None = Field(description="Why its newest ended attempt ended.")
    message: str | None = Field(description="The same in one sentence.")
    error: JobError | None
    result: JobResult | None

    @classmethod
    def from_row(cls, row: RowMapping | dict[str, Any]) -> Self:
        """Return the job that a row of table `jobs` holds."""
        return cls(
            id=row["id"],
            name=row["name"],
            kind=row["kind"],
            status=row["status"],
            owner=row["owner"],
            spec=row["spec"],
            retry_of=row["retry_of"],
            attempt=row["attempt"],
            priority=row["priority"],
            metadata=row["spec"]["metadata"],
            created_at=row["created_at"],
            started_at=row["started_at"],
            ended_at=row["ended_at"],
            worker=row["worker_id"],
            progress=_progress(row),
            reason=row["reason"],
            message=row["message"],
            error=_error(row),
            result=_result(row),
        )


def _progress(row: RowMapping | dict[str, Any]) -> JobProgress | None:
    if row["step"] is None:
        return None
    return JobProgress(
        step=row["step"],
        max_steps=row["max_steps"],
        epoch=row["epoch"],
        loss=row["loss"],
        first_loss=row["first_loss"],
        updated_at=row["progress_at"],
    )


def _error(row: RowMapping | dict[str, Any]) -> JobError | None:
    if row["status"] != JobStatus.FAILED or row["reason"] is None:
        return None
    reason = EndReason(row["reason"])
    return JobError(code=reason, message=row["message"] or ENDINGS[reason].sentence, log_tail=row["log_tail"] or [])


def _result(row: RowMapping | dict[str, Any]) -> JobResult | None:
    if row["result_attempt"] is None:
        return None
    return JobResult(attempt=row["result_attempt"], path=str(attempt(row["id"], row["result_attempt"]) / OUTPUTS))
