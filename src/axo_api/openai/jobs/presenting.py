"""A native job as OpenAI's object."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping

from axo_api.clock import now
from axo_api.openai.jobs import hyperparameters
from axo_api.openai.jobs.schemas import FineTuningJob, JobProblem, OpenAiStatus
from axo_api.openai.names import base_name, model_name
from axo_contracts.config_spec import ConfigSpec
from axo_contracts.datasets import FileSource
from axo_contracts.jobs import JobSpec, TrainSpec, spec_from_json
from axo_contracts.lifecycle import ENDINGS, EndReason, JobStatus

Row = RowMapping | dict[str, Any]

RESULT_FILE_PATIENCE = timedelta(seconds=60)
"""How long a job that has succeeded is shown as running while its result file is being made."""

OPENAI_KINDS = {"sft": "supervised", "dpo": "dpo", "grpo": "reinforcement"}

_STATUSES: dict[JobStatus, OpenAiStatus] = {
    JobStatus.VALIDATING_FILES: "validating_files",
    JobStatus.QUEUED: "queued",
    JobStatus.STARTING: "running",
    JobStatus.RUNNING: "running",
    JobStatus.PAUSING: "running",
    JobStatus.PAUSED: "queued",  # it waits, for its resume
    JobStatus.CANCELLING: "running",
    JobStatus.SUCCEEDED: "succeeded",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "cancelled",
}


def present(row: Row, estimated_finish: int | None = None) -> FineTuningJob:
    """Return a row of table `jobs` as OpenAI's object. `estimated_finish` is in seconds since 1970."""
    spec = spec_from_json(row["spec"])
    face = row["openai"] or {}
    kind = OPENAI_KINDS.get(spec.method.type) if isinstance(spec, TrainSpec) else None
    status = _status(row)
    return FineTuningJob(
        id=row["id"],
        created_at=_seconds(row["created_at"]),
        error=_error(row),
        fine_tuned_model=model_name(row) if status == "succeeded" else None,
        finished_at=_seconds(row["ended_at"]) if status in {"succeeded", "failed", "cancelled"} else None,
        hyperparameters=hyperparameters.stated(spec)._asdict() if isinstance(spec, TrainSpec) else {},
        model=face.get("model") or base_name(row),
        organization_id=row["owner"],
        result_files=[row["result_file_id"]] if row["result_file_id"] else [],
        seed=_seed(spec),
        status=status,
        trained_tokens=row["trained_tokens"],
        training_file=_file_id(spec, ("datasets.", "config.datasets.")) or "",
        validation_file=_file_id(spec, ("validation_datasets.", "config.test_datasets.")),
        estimated_finish=estimated_finish if status == "running" else None,
        integrations=face.get("integrations"),
        metadata=row["spec"]["metadata"] or None,
        method=_method(kind, spec, face) if kind and isinstance(spec, TrainSpec) else None,
        axo_status=row["status"],
        axo_message=row["message"],
    )


def _status(row: Row) -> OpenAiStatus:
    """Return a job's status. One that has succeeded has its result file: clients read it without another look."""
    status = JobStatus(row["status"])
    waits_for_its_file = (
        status is JobStatus.SUCCEEDED
        and row["result_file_id"] is None
        and now() - row["ended_at"] < RESULT_FILE_PATIENCE
    )
    return "running" if waits_for_its_file else _STATUSES[status]


def _error(row: Row) -> JobProblem | None:
    if row["status"] != JobStatus.FAILED or row["reason"] is None:
        return None
    reason = EndReason(row["reason"])
    param = "training_file" if reason is EndReason.BAD_DATA else None
    return JobProblem(code=reason, message=row["message"] or ENDINGS[reason].sentence, param=param)


def _method(kind: str, spec: TrainSpec, face: dict[str, Any]) -> dict[str, Any] | None:
    settings: dict[str, Any] = {"hyperparameters": hyperparameters.as_openai(kind, spec)}
    if kind == "reinforcement":
        if "grader" not in face:
            return None
        settings["grader"] = face["grader"]
    return {"type": kind, kind: settings}


def _seed(spec: JobSpec) -> int:
    seed = spec.config.get("seed") if isinstance(spec, ConfigSpec) else spec.seed
    return seed if isinstance(seed, int) else 0


def _file_id(spec: JobSpec, fields: tuple[str, ...]) -> str | None:
    """Return the first uploaded file among the data that stands in one of `fields`."""
    sources = (source for field, source, _ in spec.sources() if field.startswith(fields))
    return next((source.file_id for source in sources if isinstance(source, FileSource)), None)


def _seconds(moment: datetime | None) -> int:
    assert moment is not None
    return int(moment.timestamp())
