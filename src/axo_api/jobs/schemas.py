"""Jobs as clients see them."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping

from axo_api.clock import now
from axo_contracts.frames import PhaseName
from axo_contracts.lifecycle import ENDINGS, ON_A_WORKER, EndReason, JobStatus
from axo_contracts.standing import Standing, standing_from_json
from axo_contracts.storage_paths import OUTPUTS, attempt


class JobProgress(BaseModel):
    """How far a job is, as its trainer last said. What is null was not said, or cannot be known (yet)."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    phase: PhaseName | None
    """What its trainer is at; null when none is running."""
    step: int
    max_steps: int | None
    epoch: float | None
    tokens: int | None
    """That the model has read, padding left out."""
    loss: float | None
    non_finite: dict[str, str]
    """What the loss was where it is null because it was no finite number: nan, inf or -inf."""
    first_loss: float | None
    steps_per_second: float | None
    """Over the newest steps of this run, without the time that it evaluated or saved."""
    tokens_per_second: float | None
    eta_seconds: float | None
    """Until the last step is made, with the evaluations and checkpoints on the way, by those that were."""
    eta_low_seconds: float | None
    eta_high_seconds: float | None
    """Between the two the end will be, nineteen times of twenty, if steps go on to vary as they did."""
    updated_at: datetime


class JobWaiting(BaseModel):
    """What a queued job waits for."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    position: int
    """1 is next. The jobs of all owners count."""
    reason: str
    estimated_start: datetime | None
    """By the time that running jobs still take, and that jobs like those before it took. null: it cannot be known."""


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

    from_checkpoint: (
        bool | Annotated[int, Field(ge=1, lt=2**31)] | Annotated[str, Field(pattern=r"^ftckpt-[0-9a-z]{1,32}$")]
    ) = Field(
        default=True,
        description="true: from its newest whole checkpoint, if it has one, or else from what it was itself to go on "
        "from; false: from scratch; or a checkpoint, by its step or its id.",
    )


class DeletedJob(BaseModel):
    """A job that is gone."""

    id: str
    object: Literal["job"] = "job"
    deleted: Literal[True] = True


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
    after: str | None = Field(description="The job before it in its chain, which it waits for.")
    then: list[str] = Field(description="The jobs that follow it in its chain, in their order.")
    attempt: int = Field(description="How many times a worker was asked to run it. 0: not yet.")
    priority: int
    metadata: dict[str, str]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    worker: str | None = Field(description="The worker of its newest attempt.")
    progress: JobProgress | None
    waiting: JobWaiting | None = Field(None, description="While it is queued. Lists leave it out; so do creates.")
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
            after=row["after"],
            then=row["then"] or [],
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


def standing_of(row: RowMapping | dict[str, Any]) -> Standing | None:
    """Return where the run of a job is now; None when none is running, or was not heard of yet."""
    standing = standing_from_json(row["standing"])
    if standing is None or standing.attempt != row["attempt"] or row["status"] not in ON_A_WORKER:
        return None
    return standing.seen_at(now())


def _progress(row: RowMapping | dict[str, Any]) -> JobProgress | None:
    known, current = standing_from_json(row["standing"]) or _standing_of_old(row), standing_of(row)
    if known is None:
        return None
    has_loss = known.loss is not None or "loss" in known.non_finite
    return JobProgress(
        phase=current.phase if current else None,
        step=known.step,
        max_steps=known.max_steps,
        epoch=known.epoch,
        tokens=known.tokens,
        loss=known.loss if has_loss else row["loss"],
        non_finite=known.non_finite,
        first_loss=row["first_loss"],
        steps_per_second=current.steps_per_second if current else None,
        tokens_per_second=current.tokens_per_second if current else None,
        eta_seconds=current.eta_seconds if current else None,
        eta_low_seconds=current.eta_low_seconds if current else None,
        eta_high_seconds=current.eta_high_seconds if current else None,
        updated_at=known.time,
    )


def _standing_of_old(row: RowMapping | dict[str, Any]) -> Standing | None:
    """Return where a job stands that ran before standings were kept."""
    if row["step"] is None:
        return None
    told = {name: row[name] for name in ("attempt", "step", "max_steps", "epoch", "loss")}
    return Standing(**told, time=row["progress_at"])


def _error(row: RowMapping | dict[str, Any]) -> JobError | None:
    if row["status"] != JobStatus.FAILED or row["reason"] is None:
        return None
    reason = EndReason(row["reason"])
    return JobError(code=reason, message=row["message"] or ENDINGS[reason].sentence, log_tail=row["log_tail"] or [])


def _result(row: RowMapping | dict[str, Any]) -> JobResult | None:
    if row["result_attempt"] is None or row["result_going_at"] is not None:
        return None
    return JobResult(attempt=row["result_attempt"], path=str(attempt(row["id"], row["result_attempt"]) / OUTPUTS))
