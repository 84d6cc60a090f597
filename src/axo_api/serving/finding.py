"""Which weights a client's name for a model means. Of base models it is those that are known here."""

from functools import partial

from sqlalchemy import Connection, select

from axo_api.callers import Caller
from axo_api.dependencies import Parts
from axo_api.jobs.spec_columns import has_base_model
from axo_api.models.service import ModelNotFound
from axo_api.models.weights import Weights, weights_of
from axo_api.openai.base_models import mapped
from axo_api.owners import owned
from axo_api.tables import jobs
from axo_contracts.named_model import NamedModel


async def find_weights(axo: Parts, name: str, caller: Caller) -> Weights:
    """Return what `name` means: a result, a checkpoint, an alias; the operator's or the catalogue's base model; or one
    that a job of the caller's has read. Raises `ModelNotFound`.
    """
    if (stands_for := mapped(name, axo.settings.base_models)) is not None:
        return _base(name, stands_for)
    if name in axo.catalogue.models:
        return _base(name, name)
    return await axo.database.read(partial(_find, name=name, caller=caller))


def _base(name: str, stands_for: str) -> Weights:
    return Weights(name, name, stands_for, None, is_stored=False, adapter=None)


def _find(connection: Connection, name: str, caller: Caller) -> Weights:
    named = NamedModel("model", name)
    if named.is_trained_here:
        return weights_of(connection, named, owner=caller.reach, prefer=caller.owner)
    if not named.is_of_chain and _was_read(connection, name, caller.reach):
        return _base(name, name)
    raise ModelNotFound(
        f"There is no model {name[:200]!r} to be asked: it was not trained here, no job of yours has read it, and it "
        "is not in the catalogue. GET /v1/models lists what there is.",
        param="model",
    )


def _was_read(connection: Connection, name: str, owner: str | None) -> bool:
    query = select(jobs.c.id).where(owned(jobs, owner), has_base_model(name)).limit(1)
    return connection.execute(query).one_or_none() is not None
