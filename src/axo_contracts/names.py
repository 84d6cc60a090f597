"""Names that a person can tell apart: of configs and of trained models."""

import re
from datetime import date
from pathlib import PurePosixPath

_SLUG = re.compile(r"[^a-z0-9.]+")
_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{4})$")


def model_slug(base_model: str) -> str:
    """Return the last part of a base model's name or path, in lower case, fit for a file's name."""
    return _SLUG.sub("-", PurePosixPath(base_model).name.lower()).strip("-.")[:64] or "model"


def config_name(base_model: str, day: date, method: str, number: int) -> str:
    """Return a config's file name: `{model}-{date}-{method}-{n}.yaml`, the `number`th of its kind on its day."""
    return f"{model_slug(base_model)}-{day.isoformat()}-{method}-{number}.yaml"


def trained_model(base_model: str, owner: str, suffix: str | None, job_id: str) -> str:
    """Return the name of a job's result: `ft:{base}:{owner}:{suffix}:{id}`, as OpenAI's are."""
    base = PurePosixPath(base_model).name if base_model.startswith("/") else base_model
    return f"ft:{base}:{owner}:{suffix or ''}:{job_id.partition('-')[2]}"


def without_snapshot(name: str) -> str:
    """Return a model's name without the date of a snapshot: `gpt-4o-mini` for `gpt-4o-mini-2024-07-18`."""
    return _SNAPSHOT.sub("", name)
