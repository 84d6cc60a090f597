"""A trained model as what another job goes on from."""

from typing import NamedTuple

from sqlalchemy import Connection

from axo_api.errors import Invalid
from axo_api.models.service import folder_of, locate
from axo_api.openai.names import base_name
from axo_contracts.jobs import TrainSpec, spec_from_json


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
        how = "came of a merge" if row["kind"] == "merge" else "was trained by a whole Axolotl config"
        mend = "it is a `base_model` of POST /v1/jobs" if row["kind"] == "merge" else "go on from it by such a config"
        raise Invalid(f"model: {name!r} {how}; {mend}.", param="model")
    return Start(spec, base_name(row), str(folder_of(connection, located)))
