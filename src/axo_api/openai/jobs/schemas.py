"""OpenAI's objects of fine-tuning, and what axo adds to them (`axo_…`)."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from axo_contracts.lifecycle import JobStatus

OpenAiStatus = Literal["validating_files", "queued", "running", "succeeded", "failed", "cancelled"]


class _Object(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class JobProblem(_Object):
    """Why a job failed."""

    code: str
    message: str
    param: str | None = None


class FineTuningJob(_Object):
    """A job, as OpenAI's API shows it."""

    id: str
    object: Literal["fine_tuning.job"] = "fine_tuning.job"
    created_at: int
    error: JobProblem | None
    fine_tuned_model: str | None
    """`ft:{base}:{owner}:{suffix}:{id}`, once the job has succeeded."""
    finished_at: int | None
    hyperparameters: dict[str, Any]
    """What it trains with; `auto` is resolved."""
    model: str
    """The base model, as it was asked for."""
    organization_id: str
    result_files: list[str]
    """Its metrics as CSV, once the job has succeeded."""
    seed: int
    status: OpenAiStatus
    """OpenAI's statuses only; `axo_status` tells more."""
    trained_tokens: int | None
    training_file: str
    """The first file to train on; the empty text when the data is elsewhere."""
    validation_file: str | None
    estimated_finish: int | None
    integrations: list[dict[str, Any]] | None
    metadata: dict[str, str] | None
    method: dict[str, Any] | None
    """null for a method that OpenAI does not have: GET /v1/jobs/{id} shows it."""
    axo_status: JobStatus
    """The status as axo has it: starting, pausing, paused and cancelling, too."""
    axo_message: str | None
    """Why its newest attempt ended, in one sentence."""


class FineTuningJobEvent(_Object):
    """Something that happened to a job."""

    id: str
    object: Literal["fine_tuning.job.event"] = "fine_tuning.job.event"
    created_at: int
    level: Literal["info", "warn", "error"]
    message: str
    type: Literal["message", "metrics"]
    data: dict[str, Any]


class CheckpointMetrics(_Object):
    """What was measured at a checkpoint's step."""

    step: float
    train_loss: float | None = None
    train_mean_token_accuracy: float | None = None
    valid_loss: float | None = None
    valid_mean_token_accuracy: float | None = None
    full_valid_loss: float | None = None
    full_valid_mean_token_accuracy: float | None = None


class FineTuningJobCheckpoint(_Object):
    """A state of the training that was kept."""

    id: str
    object: Literal["fine_tuning.job.checkpoint"] = "fine_tuning.job.checkpoint"
    created_at: int
    fine_tuned_model_checkpoint: str
    """`ft:{base}:{owner}:{suffix}:{id}:ckpt-step-{step}`."""
    fine_tuning_job_id: str
    metrics: CheckpointMetrics
    step_number: int
