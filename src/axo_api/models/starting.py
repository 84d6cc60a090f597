"""A trained model as what another job goes on from."""

from typing import NamedTuple

from sqlalchemy import Connection

from axo_api.errors import Invalid
from axo_api.models.service import folder_of, locate
from axo_api.openai.names import base_name
from axo_contracts.jobs import TrainSpec, spec_from_json

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
