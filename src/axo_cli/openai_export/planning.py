"""What can be trained of an export, and what cannot and why. Nothing is changed on the service."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from axo_cli.api import Api
from axo_cli.errors import Refused
from axo_cli.openai_export.reading import Export, Object
from axo_contracts.names import without_snapshot

LABEL = "openai_job"
"""The label of an imported job that says which of OpenAI's it was."""
MOST_LABELS = 16

_METHODS = ("supervised", "dpo", "reinforcement")


class CannotBeDone(Exception):
    """A job of the export cannot be trained. Its text says why, and how to mend it."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A job that can be queued."""

    old: Object
    model: str
    training: Path
    validation: Path | None


def plan(api: Api, export: Export, old: Object, bases: Mapping[str, str]) -> Planned:
    """Return how a job of the export is queued. `bases` goes before the operator's map. Raises `CannotBeDone`."""
    training = _file(export, old.get("training_file"))
    validation = old.get("validation_file")
    return Planned(old, _model(api, export, old, bases), training, _file(export, validation) if validation else None)


def request(planned: Planned, file_ids: Mapping[Path, str]) -> dict[str, Any]:
    """Return what OpenAI's API is asked for, with the ids that the files have now."""
    old = planned.old
    asked: dict[str, Any] = {"model": planned.model, "training_file": file_ids[planned.training]}
    if planned.validation is not None:
        asked["validation_file"] = file_ids[planned.validation]
    metadata = dict(old.get("metadata") or {})
    if len(metadata) < MOST_LABELS:
        metadata[LABEL] = old["id"]
    method = old.get("method")
    if isinstance(method, dict) and (kind := method.get("type")) in _METHODS:
        settings = method.get(kind)
        asked["method"] = {"type": kind} if settings is None else {"type": kind, kind: settings}
    elif old.get("hyperparameters"):
        asked["hyperparameters"] = old["hyperparameters"]
    if wandb := [one for one in old.get("integrations") or [] if isinstance(one, dict) and one.get("type") == "wandb"]:
        asked["integrations"] = wandb
    optional = {"metadata": metadata, "seed": old.get("seed"), "suffix": _suffix(old)}
    return asked | {name: value for name, value in optional.items() if value is not None}


def _suffix(old: Object) -> str | None:
    """Return what the job was asked to be called: it stands in the job, or in `ft:{base}:{owner}:{suffix}:{id}`."""
    if given := old.get("user_provided_suffix"):
        return str(given)
    parts = str(old.get("fine_tuned_model") or "").split(":")
    return parts[3] if len(parts) == 5 and parts[3] else None


def _model(api: Api, export: Export, old: Object, bases: Mapping[str, str]) -> str:
    name = str(old.get("model"))
    if (mapped := bases.get(name) or bases.get(without_snapshot(name))) is not None:
        return mapped
    try:
        api.get(f"/v1/models/{quote(name, safe='')}")
    except Refused as refusal:
        if refusal.status != 404:
            raise
        earlier = next((job["id"] for job in export.jobs if job.get("fine_tuned_model") == name), None)
        if earlier is not None:
            raise CannotBeDone(f"it goes on from what {earlier} trains; import again when that has succeeded") from None
        raise CannotBeDone(
            f"nothing stands for {name!r} here; give --base {without_snapshot(name)}=org/model, or have the operator "
            "set AXO_BASE_MODELS"
        ) from None
    return name


def _file(export: Export, file_id: Any) -> Path:
    """Return where a file of the export lies: beside it or in `files/`, by its id, or by a name that only it has."""
    if not isinstance(file_id, str) or not file_id:
        raise CannotBeDone("it names no training file")
    described = export.files.get(file_id, {})
    filename = Path(str(described.get("filename") or "")).name
    names = [Path(file_id).name, f"{Path(file_id).name}.jsonl"]
    if filename and sum(Path(str(one.get("filename"))).name == filename for one in export.files.values()) == 1:
        names.append(filename)
    places = [folder / name for name in names for folder in (export.folder, export.folder / "files")]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        called = f" ({filename})" if filename else ""
        raise CannotBeDone(f"its file {file_id}{called} is not in the export; put it there as {file_id}.jsonl")
    size, is_size = described.get("bytes"), found.stat().st_size
    if isinstance(size, int) and is_size != size:
        raise CannotBeDone(f"{found.name} has {is_size} bytes, and {file_id} had {size}; put that one there")
    return found
