"""The order of an attempt: written from the record alone, so that it reads the same however often it is sent."""

import posixpath
from collections.abc import Sequence
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select

from axo_api.axolotl.compiler import resolve_config
from axo_api.axolotl.configs import config_of
from axo_api.axolotl.inputs import Inputs, file_ids, input_name
from axo_api.clock import now
from axo_api.control.placement import Place
from axo_api.files.service import wrappings
from axo_api.jobs.moves import move
from axo_api.jobs.prepared import prepared_folder
from axo_api.models.weights import Weights
from axo_api.settings import Settings
from axo_api.tables import attempts, files, jobs
from axo_contracts.config_spec import ConfigSpec
from axo_contracts.jobs import JobSpec, spec_from_json
from axo_contracts.lifecycle import JobStatus
from axo_contracts.orders import InputFile, RunOrder
from axo_contracts.resources import Capabilities
from axo_contracts.storage_paths import OUTPUTS, job_of, manifest, uploaded_file
from axo_contracts.storage_paths import attempt as attempt_folder
from axo_contracts.training import Training


def place(connection: Connection, job_id: str, at_place: Place, settings: Settings) -> RunOrder | None:
    """Move a queued job to its next attempt at a place, and return its order. None: it is not queued any more."""
    row = connection.execute(select(jobs).where(jobs.c.id == job_id)).mappings().one()
    attempt = row["attempt"] + 1
    moved = move(
        connection,
        job_id,
        JobStatus.STARTING,
        at=now(),
        attempt=row["attempt"],
        expected=JobStatus.QUEUED,
        next_attempt=attempt,
        worker_id=at_place.worker.id,
    )
    if not moved:
        return None
    spec = spec_from_json(row["spec"])
    config = config_of(spec, Inputs(wrappings(connection, file_ids(spec)))) | (row["remedies"] or {})
    if row["weights_from"] is not None:
        weights = posixpath.relpath(row["weights_from"], attempt_folder(job_id, attempt))
        config |= {"lora_model_dir" if spec.is_adapter else "base_model": weights}
    if row["models"] is not None:
        config |= _models(row["models"], spec, attempt_folder(job_id, attempt))
    values = {
        "job_id": job_id,
        "attempt": attempt,
        "worker_id": at_place.worker.id,
        "boot_id": at_place.worker.boot_id,
        "gpus": list(at_place.gpus),
        "config": resolve_config(config, spec, capabilities_at(at_place)),
        "placed_at": now(),
    }
    connection.execute(insert(attempts), values)
    return order_of(connection, job_id, attempt, settings)


def order_of(connection: Connection, job_id: str, attempt: int, settings: Settings) -> RunOrder:
    """Return the order of an attempt that was placed."""
    job = connection.execute(select(jobs).where(jobs.c.id == job_id)).mappings().one()
    every = select(attempts).where(attempts.c.job_id == job_id, attempts.c.attempt <= attempt)
    *earlier, this = connection.execute(every.order_by(attempts.c.attempt)).mappings().all()
    spec = spec_from_json(job["spec"])
    own = [str(attempt_folder(job_id, row["attempt"])) for row in earlier]
    return RunOrder(
        job_id=job_id,
        attempt=attempt,
        kind=spec.kind,
        config=this["config"],
        inputs=inputs_of(connection, spec),
        prepared_from=prepared_folder(connection, spec),
        gpus=tuple(this["gpus"]),
        checkpoints_from=(*(job["checkpoints_from"] or ()), *own),
        recorded_step=_recorded_step(job) if earlier else None,
        traceparent=job["traceparent"],
        lease_seconds=settings.lease_seconds,
        runtime_left_seconds=_runtime_left(spec, earlier),
        stall_seconds=spec.limits.stall_seconds,
        stop_grace_seconds=settings.stop_grace_seconds,
    )


def capabilities_at(at_place: Place) -> Capabilities:
    """Return the worker's capabilities with only the GPUs that the run will see."""
    capabilities = at_place.worker.capabilities
    return Capabilities(
        gpus=tuple(gpu for gpu in capabilities.gpus if gpu.index in at_place.gpus),
        cpu_count=capabilities.cpu_count,
        memory_bytes=capabilities.memory_bytes,
        packages=capabilities.packages,
    )


def _recorded_step(job: RowMapping) -> int | None:
    """Return up to which step the job's numbers are on record. None: it began at another job's step, unknown here."""
    return job["step"] if job["step"] is not None or job["checkpoints_from"] else 0


def _models(kept: dict[str, Any], spec: JobSpec, folder: PurePosixPath) -> dict[str, Any]:
    """Return what the config says of the models that the job reads, with paths as seen from the attempt's folder."""
    seen = {field: Weights.kept(model).seen_from(folder) for field, model in kept.items()}
    if isinstance(spec, Training | ConfigSpec):
        return {"base_model": next(iter(seen.values()))["base"]}
    if spec.kind == "push":
        return {"models": seen, **_pushed(Weights.kept(kept["model"]), folder)}
    return {"models": seen}


def _pushed(weights: Weights, folder: PurePosixPath) -> dict[str, Any]:
    """Return which job's the files are, and its manifest as seen from `folder`. A checkpoint has one of its own."""
    stored = PurePosixPath(weights.folder or "")
    is_result = stored.name == OUTPUTS
    return {
        "job_id": job_of(stored),
        "manifest": posixpath.relpath(manifest(job_of(stored)), folder) if is_result else None,
    }


def _runtime_left(spec: JobSpec, earlier: Sequence[RowMapping]) -> float | None:
    if spec.limits.max_runtime_seconds is None:
        return None
    ran = sum((row["ended_at"] - row["started_at"] for row in earlier if row["started_at"]), timedelta())
    return max(1.0, spec.limits.max_runtime_seconds - ran.total_seconds())


def inputs_of(connection: Connection, spec: JobSpec) -> tuple[InputFile, ...]:
    ids = file_ids(spec)
    wrapped = wrappings(connection, ids)
    rows = connection.execute(select(files.c.id, files.c.bytes, files.c.sha256).where(files.c.id.in_(ids)))
    return tuple(
        InputFile(
            name=input_name(row.id, wrapped[row.id]),
            source=str(uploaded_file(row.id)),
            bytes=row.bytes,
            sha256=row.sha256,
            compression=wrapped[row.id].compression,
        )
        for row in rows
    )
