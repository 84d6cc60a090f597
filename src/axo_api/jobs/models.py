"""The models that a job reads: found when it is submitted, and kept with it."""

from typing import Any

from sqlalchemy import Connection

from axo_api.errors import Invalid
from axo_api.models.weights import Weights, base_of, weights_of
from axo_contracts.config_spec import ConfigSpec
from axo_contracts.jobs import JobSpec, TrainSpec
from axo_contracts.tasks import EvaluateSpec, MergeSpec
from axo_contracts.tasks.evaluate import BASE


def settle_models(connection: Connection, spec: JobSpec, row: dict[str, Any]) -> None:
    """Write into a job's row where the models lie that it reads, unless that is known, as with a retry.

    Training that begins from a model of the hub, or from a path, has it in its config alone. Raises `ModelNotFound`,
    and `Invalid` for a model that is of no use for the job.
    """
    named = spec.named_models()
    if row["models"] is not None or (spec.kind == "train" and not named[0].is_trained_here):
        return
    found = {one.field: weights_of(connection, one, owner=row["owner"]) for one in named}
    match spec:
        case TrainSpec() | ConfigSpec():
            _refuse_adapter(named[0].field, found[named[0].field])
        case MergeSpec():
            _refuse_whole(found["model"])
        case EvaluateSpec(compare_with="base"):
            found[BASE] = base_of(connection, named[0], owner=row["owner"])
    row["models"] = {field: weights._asdict() for field, weights in found.items()}


def _refuse_adapter(field: str, weights: Weights) -> None:
    if weights.adapter is not None:
        raise Invalid(
            f"{field}: {weights.name!r} is an adapter. Merge it first (kind: merge), and train on what comes of "
            "that; or go on with the adapter itself by POST /v1/fine_tuning/jobs.",
            param=field,
        )


def _refuse_whole(weights: Weights) -> None:
    if weights.adapter is None:
        raise Invalid(
            f"model: {weights.name!r} is a whole model, so there is nothing to merge; name a result that is an "
            "adapter.",
            param="model",
        )
