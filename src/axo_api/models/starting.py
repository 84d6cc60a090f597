"""A trained model as what another job goes on from."""

from typing import NamedTuple

from sqlalchemy import Connection, select

from axo_api.errors import Invalid
from axo_api.models.service import locate
from axo_api.openai.names import base_name
from axo_api.tables import checkpoints
from axo_contracts.jobs import TrainSpec, spec_from_json
from axo_contracts.storage_paths import OUTPUTS, attempt


class Start(NamedTuple):
    """What was trained: its spec, how its base model was called, and where it lies below the storage root."""

    spec: TrainSpec
    base_name: str
    weights: str


def start_from(connection: Connection, name: str, *, owner: str | None, prefer: str) -> Start:
    """Return the trained model, or the checkpoint, that is called `name`. Raises `ModelNotFound`, and `Invalid`."""
    row, step = locate(connection, name, owner=owner, prefer=prefer)
    spec = spec_from_json(row["spec"])
    if not isinstance(spec, TrainSpec):
        raise Invalid(
            f"model: {name!r} was trained by a whole Axolotl config; go on from it by such a config.", param="model"
        )
    if step is None:
        return Start(spec, base_name(row), str(attempt(row["id"], row["result_attempt"]) / OUTPUTS))
    of_step = checkpoints.c.job_id == row["id"], checkpoints.c.step == step
    query = select(checkpoints).where(*of_step).order_by(checkpoints.c.attempt.desc()).limit(1)
    checkpoint = connection.execute(query).mappings().one()
    return Start(spec, base_name(row), str(attempt(row["id"], checkpoint["attempt"]) / checkpoint["path"]))
