"""Names of what was trained: `ft:{base}:{owner}:{suffix}:{id}`, and `…:ckpt-step-{step}` for a checkpoint of it."""

import re
from typing import Any, NamedTuple

from sqlalchemy import RowMapping

from axo_contracts.ids import JOB
from axo_contracts.jobs import spec_from_json
from axo_contracts.named_model import BY_JOB
from axo_contracts.names import trained_model

_NAME = re.compile(r"ft:.+:(?P<id>[0-9a-z]{26})(:ckpt-step-(?P<step>\d{1,9}))?")


class Trained(NamedTuple):
    """What a name says: the job, and the step of a checkpoint."""

    job_id: str
    step: int | None


def base_name(row: RowMapping | dict[str, Any]) -> str:
    """Return how the client called the base model of a job; where it went on from a trained model, that one's."""
    if row["openai"]:
        return str(row["openai"].get("base_model") or row["openai"]["model"])
    if row["models"]:
        return str(next(iter(row["models"].values()))["called"])
    return spec_from_json(row["spec"]).base_model


def model_name(row: RowMapping | dict[str, Any]) -> str:
    """Return the name of what a job trains."""
    return trained_model(base_name(row), row["owner"], row["name"], row["id"])


def checkpoint_name(row: RowMapping | dict[str, Any], step: int) -> str:
    """Return the name of a checkpoint of what a job trains."""
    return f"{model_name(row)}:ckpt-step-{step}"


def parse(name: str) -> Trained | None:
    """Return what a name says, if it is one; a job's id stands for what that has left."""
    if (by_job := BY_JOB.fullmatch(name)) is not None:
        return Trained(by_job["job"], _step(by_job))
    if (found := _NAME.fullmatch(name)) is None:
        return None
    return Trained(f"{JOB}-{found['id']}", _step(found))


def _step(found: re.Match[str]) -> int | None:
    return int(found["step"]) if found["step"] else None
