"""Trainings that read what a `preprocess` job has prepared."""

from typing import Any

from sqlalchemy import Connection, RowMapping, select

from axo_api.errors import Invalid
from axo_api.jobs.finding import get
from axo_api.tables import jobs
from axo_contracts.jobs import JobSpec, TrainSpec
from axo_contracts.lifecycle import JobStatus
from axo_contracts.storage_paths import OUTPUTS, PREPARED, attempt

_SAID_ALIKE = ("base_model", "base_model_revision", "datasets", "validation_datasets", "method", "axolotl", "seed")
_SAID_ALIKE_OF_ROWS = ("sequence_len", "sample_packing")


def check_prepared(connection: Connection, spec: JobSpec, row: dict[str, Any]) -> None:
    """Raise `Invalid` when a training names prepared data that there is not, or that is not its own.

    Axolotl would not use it, and prepare the data anew without a word. What is named stays for the transaction.
    """
    if not isinstance(spec, TrainSpec) or spec.prepared is None:
        return
    job = get(connection, spec.prepared, owner=row["owner"], to_read=True)
    if job["kind"] != "preprocess" or job["result_attempt"] is None:
        raise Invalid(
            f"prepared: job {spec.prepared} {_state(job)}; name a preprocess job that has succeeded.", param="prepared"
        )
    if (field := _differing(row["spec"], job)) is not None:
        raise Invalid(
            f"prepared: job {spec.prepared} has prepared other data: its {field} is not this training's; say the same, "
            "or leave prepared out.",
            param="prepared",
        )


def prepared_folder(connection: Connection, spec: JobSpec) -> str | None:
    """Return where the prepared data lies, or lay, that a training names, below the storage root."""
    if not isinstance(spec, TrainSpec) or spec.prepared is None:
        return None
    kept = select(jobs.c.result_attempt).where(jobs.c.id == spec.prepared)
    number = connection.execute(kept).scalar_one_or_none() or 0
    return str(attempt(spec.prepared, number) / OUTPUTS / PREPARED)


def _state(job: RowMapping) -> str:
    if job["kind"] != "preprocess":
        return f"is a {job['kind']}"
    return "is being deleted" if job["status"] == JobStatus.SUCCEEDED else f"is {job['status']}"


def _differing(written: dict[str, Any], job: RowMapping) -> str | None:
    """Return the first field by which the data of two specs differs."""
    theirs = job["spec"]
    if (field := next((name for name in _SAID_ALIKE if written[name] != theirs[name]), None)) is not None:
        return field
    ours, others = written["hyperparameters"], theirs["hyperparameters"]
    return next((f"hyperparameters.{name}" for name in _SAID_ALIKE_OF_ROWS if ours[name] != others[name]), None)
