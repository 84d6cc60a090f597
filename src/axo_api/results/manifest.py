"""A result's manifest: all that it was made from, and what it is, file by file."""

import hashlib
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
from sqlalchemy import RowMapping

from axo_api.artifacts.files import files_of
from axo_api.artifacts.hashes import read_record
from axo_api.checkpoints.folders import folder_of
from axo_api.clock import now
from axo_api.openai.names import model_name
from axo_api.opening import open_regular
from axo_api.results.known import Figures, Known, figures
from axo_contracts import storage_paths
from axo_contracts.manifest import FORMAT
from axo_contracts.outputs import CHECKPOINT_MANIFEST, AttemptRecord
from axo_contracts.pickles import is_pickle

_OF_JOB = ("id", "name", "kind", "owner", "retry_of", "created_at", "started_at", "ended_at")
_OF_ATTEMPT = ("attempt", "worker_id", "gpus", "placed_at", "started_at", "ended_at", "reason", "message", "exit_code")


def manifest_of(storage_root: Path, known: Known) -> dict[str, Any]:
    """Return the manifest of a result. A file that its worker did not hash is hashed here. Raises `OSError`."""
    job, folder = known.job, storage_root / storage_paths.attempt(known.job["id"], known.job["result_attempt"])
    record = read_record(folder)
    return {
        "format": FORMAT,
        "created_at": _time(now()),
        "job": {name: _plain(job[name]) for name in _OF_JOB},
        "model": model_name(job),
        "spec": job["spec"],
        "config": known.result["config"],
        "seed": known.result["config"].get("seed"),
        **_made_from(known, record),
        **_made_by(known, record),
        "attempts": [{name: _plain(row[name]) for name in _OF_ATTEMPT} for row in known.attempts],
        "training": _training(job, figures(storage_root, job["id"])),
        "checkpoints": [_checkpoint(storage_root, row) for row in known.checkpoints],
        "outputs": {"attempt": job["result_attempt"], "files": _outputs(storage_root, job["result_attempt"], folder)},
    }


def _made_from(known: Known, record: AttemptRecord | None) -> dict[str, Any]:
    config = known.result["config"]
    if record is None:
        base = {"name": config.get("base_model"), "revision": config.get("revision_of_model")}
        return {"base": base, "datasets": None, "weights_from": known.job["weights_from"]}
    return {
        "base": msgspec.to_builtins(record.base),
        "datasets": msgspec.to_builtins(record.datasets),
        "weights_from": known.job["weights_from"],
    }


def _made_by(known: Known, record: AttemptRecord | None) -> dict[str, Any]:
    where = record.environment if record else None
    versions = {"axo": metadata.version("axo")}
    if where is None:
        return {"versions": versions, "worker": {"id": known.result["worker_id"]}}
    return {
        "versions": {**where.packages, **versions, "axo_worker": where.axo, "driver": where.driver},
        "worker": {"id": where.worker, "host": where.host, "gpus": msgspec.to_builtins(where.gpus)},
    }


def _training(job: RowMapping, measured: Figures) -> dict[str, Any]:
    return {
        "steps": job["step"],
        "max_steps": job["max_steps"],
        "epoch": job["epoch"],
        "tokens": measured.tokens,
        "final_metrics": measured.final,
    }


def _checkpoint(storage_root: Path, row: RowMapping) -> dict[str, Any]:
    """Return a checkpoint; the hash is that of its own manifest, which names each of its files. None: it has none."""
    known = {name: row[name] for name in ("id", "attempt", "step", "path", "bytes")}
    try:
        return {**known, "sha256": _sha256(storage_root, storage_root / folder_of(row) / CHECKPOINT_MANIFEST)}
    except FileNotFoundError:
        return {**known, "sha256": None}


def _outputs(storage_root: Path, attempt: int, folder: Path) -> list[dict[str, Any]]:
    outputs = folder / storage_paths.OUTPUTS
    return [
        {
            "path": file.path,
            "bytes": file.bytes,
            "sha256": file.sha256 or _sha256(storage_root, outputs / file.path),
            "pickle": is_pickle(file.path),
        }
        for file in files_of(attempt, folder)
        if not storage_paths.is_of_checkpoint(PurePosixPath(file.path).parts[0])
    ]


def _sha256(storage_root: Path, path: Path) -> str:
    with open_regular(path, below=storage_root) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(value: Any) -> Any:
    return _time(value) if hasattr(value, "isoformat") else value


def _time(moment: Any) -> str:
    return str(moment.isoformat().replace("+00:00", "Z"))
