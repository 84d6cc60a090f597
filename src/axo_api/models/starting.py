"""A trained model as what another job goes on from."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from sqlalchemy import Connection

from axo_api.errors import Invalid
from axo_api.models.service import ModelNotFound, checkpoint_of, folder_of, locate, result_of
from axo_api.openai.names import base_name
from axo_contracts.jobs import TrainSpec, spec_from_json
from axo_contracts.storage_paths import OUTPUTS, job_of

_BY_CONFIG = "was trained by a whole Axolotl config; go on from it by such a config"
_INSTEAD = {
    "merge": "came of a merge; it is a `base_model` of POST /v1/jobs",
    "quantize": "is quantised; go on from what it was made from",
}


class Start(NamedTuple):
    """What was trained: its spec, how its base model was called, and where it lies below the storage root."""

    spec: TrainSpec
    base_name: str
    weights: str


def start_from(connection: Connection, name: str, *, owner: str | None, prefer: str) -> Start:
    """Return the trained model, or the checkpoint, that is called `name`. Raises `ModelNotFound`, and `Invalid`."""
    located = locate(connection, name, owner=owner, prefer=prefer)
    row = located.row
    spec = spec_from_json(row["spec"])
    if not isinstance(spec, TrainSpec):
        raise Invalid(f"model: {name!r} {_INSTEAD.get(row['kind'], _BY_CONFIG)}.", param="model")
    return Start(spec, base_name(row), str(folder_of(connection, located)))


def check_start(connection: Connection, row: Mapping[str, Any]) -> None:
    """Raise `ModelNotFound` where what a new job goes on from was deleted since it was found; else it stays there.

    A retry takes what its job was given, as it is by now.
    """
    if row["weights_from"] is None or row["retry_of"] is not None:
        return
    folder = PurePosixPath(row["weights_from"])
    if folder.name == OUTPUTS:
        result_of(connection, job_of(folder))
        return
    checkpoint = checkpoint_of(connection, job_of(folder), int(folder.name.rpartition("-")[2]))
    if checkpoint is None:
        raise ModelNotFound(f"Checkpoint {folder.name} of job {job_of(folder)} has just been deleted.", param="model")
