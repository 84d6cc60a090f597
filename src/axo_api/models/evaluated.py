"""The evaluation that a gate names: whether it was of the model in question, and what it found."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping

from axo_api.errors import Conflict, Invalid
from axo_api.jobs.finding import get
from axo_api.models.gates import Evaluation, Gate
from axo_api.models.service import Located
from axo_api.models.weights import Weights, base_of, weights_of
from axo_contracts.lifecycle import JobStatus
from axo_contracts.named_model import NamedModel
from axo_contracts.storage_paths import OUTPUTS, attempt

EVALUATION = "evaluation.json"


class Evaluated(NamedTuple):
    """Where the figures lie, below the storage root, and whether the model is compared with another one in them."""

    path: Path
    is_compared: bool


def evaluated(
    connection: Connection, gate: Gate, model: Located, *, current: Located | None, owner: str | None
) -> Evaluated:
    """Return the evaluation that a gate asks for.

    Raises `NotFound` for the job, `Invalid` for one that is no evaluation, and `Conflict` for one that has not ended
    well, or was of another model, or compared it with another one than the gate says.
    """
    job = get(connection, gate.evaluation, owner=owner)
    if job["kind"] != "evaluate":
        raise Invalid(
            f"gate.evaluation: {job['id']} is a {job['kind']} job; name an evaluation.", param="gate.evaluation"
        )
    if job["status"] != JobStatus.SUCCEEDED or job["result_attempt"] is None:
        raise Conflict(
            f"Evaluation {job['id']} is {job['status']} and has no figures; a gate needs one that succeeded."
        )
    if not _is_of(job["models"]["model"], _weights(connection, model)):
        raise Conflict(
            f"Evaluation {job['id']} was of {job['models']['model']['name']}, and not of {model.name}; evaluate that."
        )
    is_compared = gate.better_than is not None and (gate.better_than == "base" or current is not None)
    if is_compared:
        _check_comparison(connection, gate, job, model, current)
    return Evaluated(Path(attempt(job["id"], job["result_attempt"]) / OUTPUTS / EVALUATION), is_compared)


def read(path: Path) -> Evaluation:
    """Return the figures that lie at `path`. Raises `Conflict` where they are gone."""
    try:
        found: Evaluation = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise Conflict("The evaluation's figures are gone; evaluate anew.") from None
    return found


def _check_comparison(
    connection: Connection, gate: Gate, job: RowMapping, model: Located, current: Located | None
) -> None:
    if current is not None and gate.better_than == "current":
        other, called, wanted = _weights(connection, current), current.name, current.name
    else:
        named = NamedModel("model", model.name)
        other = base_of(connection, named, owner=model.row["owner"])
        called, wanted = other.called, "base"
    found: dict[str, Any] | None = job["models"].get("base") or job["models"].get("compare_with")
    if found is None or not _is_of(found, other):
        raise Conflict(
            f"Evaluation {job['id']} did not compare {model.name} with {called}; evaluate with compare_with: "
            f"{wanted!r}."
        )


def _weights(connection: Connection, model: Located) -> Weights:
    return weights_of(connection, NamedModel("model", model.name), owner=model.row["owner"])


def _is_of(found: dict[str, Any], weights: Weights) -> bool:
    """Return whether a job has read these very files, whatever it called them."""
    return Weights.kept(found)._replace(name="", called="") == weights._replace(name="", called="")
