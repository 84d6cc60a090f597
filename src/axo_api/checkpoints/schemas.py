"""Checkpoints as clients see them."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict
from sqlalchemy import RowMapping

from axo_api.checkpoints.judging import Judged
from axo_api.checkpoints.reasons import KeptBecause, RemovedBecause
from axo_api.openai.names import checkpoint_name


class CheckpointMetric(BaseModel):
    """The newest value of a metric at a checkpoint's step or before it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    step: int
    """The step that it is of."""
    value: float | None
    """null where it was no finite number."""


class Checkpoint(BaseModel):
    """A state of the training that was kept."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    object: Literal["job.checkpoint"] = "job.checkpoint"
    id: str
    name: str
    """What it is called wherever a model is named. Of two attempts' checkpoints of one step, the newer is meant."""
    attempt: int
    step: int
    path: str
    """Relative to the attempt's folder."""
    bytes: int
    created_at: datetime
    available: bool
    """Whether it is still there."""
    metrics: dict[str, CheckpointMetric]
    """The loss, and what was evaluated."""
    kept: bool
    """Whether anything keeps it. What nothing keeps goes soon."""
    kept_because: list[KeptBecause]
    used_by: list[str]
    """The jobs that have not ended and read it, or may go on from it."""
    names: list[str]
    """Those that stand for it, or would if their last move was undone."""
    removed_at: datetime | None
    removed_because: RemovedBecause | None

    @classmethod
    def of(cls, job: RowMapping, judged: Judged) -> Self:
        """Return a job's checkpoint."""
        row = {name: value for name, value in judged.row.items() if name in cls.model_fields}
        return cls(
            **row,
            name=checkpoint_name(job, judged.row["step"]),
            available=judged.is_there,
            metrics={name: CheckpointMetric(**known._asdict()) for name, known in judged.metrics.items()},
            kept=bool(judged.kept_because),
            kept_because=judged.kept_because,
            used_by=judged.used_by,
            names=judged.names,
        )


class CheckpointList(BaseModel):
    """All checkpoints, oldest first, those too that are no more."""

    object: Literal["list"] = "list"
    data: list[Checkpoint]


class DeletedCheckpoint(BaseModel):
    """A checkpoint that is no more."""

    id: str
    object: Literal["job.checkpoint"] = "job.checkpoint"
    deleted: Literal[True] = True
