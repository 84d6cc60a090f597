"""Where the weights of a model lie, whatever it was named by: as a job's row keeps it, and as its config says it."""

import posixpath
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple, Self

from sqlalchemy import Connection, RowMapping

from axo_api.errors import Invalid
from axo_api.models.service import Located, folder_of, locate, result_of
from axo_api.openai.names import base_name, model_name
from axo_contracts.jobs import spec_from_json
from axo_contracts.named_model import NamedModel


class Weights(NamedTuple):
    """A base model, and the adapter that is put on it."""

    name: str  # as whoever submitted the job named it
    called: str  # how the base model is called in the names of results
    base: str  # a name on the hub, or a path
    revision: str | None
    is_stored: bool  # whether `base` is a path below the storage root
    adapter: str | None  # a path below the storage root
    is_quantised: bool = False

    @property
    def folder(self) -> str | None:
        """Where what was trained here lies, below the storage root; None for a model that was not."""
        return self.adapter or (self.base if self.is_stored else None)

    @classmethod
    def kept(cls, kept: Mapping[str, Any]) -> Self:
        """Return what a job's row keeps."""
        return cls(**kept)

    def seen_from(self, folder: PurePosixPath) -> dict[str, Any]:
        """Return what a config says of it, with paths relative to the attempt's `folder`."""
        base = posixpath.relpath(self.base, folder) if self.is_stored else self.base
        adapter = None if self.adapter is None else posixpath.relpath(self.adapter, folder)
        return {
            "name": self.name,
            "called": self.called,
            "base": base,
            "revision": self.revision,
            "adapter": adapter,
        }


def weights_of(connection: Connection, named: NamedModel, *, owner: str | None, prefer: str | None = None) -> Weights:
    """Return where a model lies, as `locate` finds it. Raises `ModelNotFound` for a result that there is not."""
    if not named.is_trained_here:
        return Weights(named.name, named.name, named.name, named.revision, is_stored=False, adapter=None)
    found = locate(connection, named.name, owner=owner, prefer=prefer or owner)
    return _lying_in(folder_of(connection, found), found.row, named.name)


def base_of(connection: Connection, named: NamedModel, *, owner: str) -> Weights:
    """Return the model that a result was trained from. Raises `ModelNotFound`, and `Invalid` for what is no result."""
    if not named.is_trained_here:
        raise Invalid(
            f"compare_with: {named.name!r} was not trained here, so its base is not known; name the other model.",
            param="compare_with",
        )
    found: Located = locate(connection, named.name, owner=owner, prefer=owner)
    return base_left_by(found.row)


def left_by(connection: Connection, row: RowMapping) -> Weights:
    """Return the model that a job has left. Raises `ModelNotFound` for one that was deleted since."""
    return _lying_in(result_of(connection, row["id"]), row, model_name(row))


def base_left_by(row: RowMapping) -> Weights:
    """Return what the model was made from that a job has left, or will leave."""
    base = _trained_from(row)
    is_result = base.is_stored and base.adapter is None
    return base if is_result else base._replace(name=base.called, adapter=None)


def _lying_in(folder: PurePosixPath, row: RowMapping, name: str) -> Weights:
    if _is_adapter(row):
        return _trained_from(row)._replace(name=name, adapter=str(folder))
    is_quantised = row["kind"] == "quantize"
    return Weights(name, base_name(row), str(folder), None, is_stored=True, adapter=None, is_quantised=is_quantised)


def _is_adapter(row: RowMapping) -> bool:
    return row["kind"] == "train" and spec_from_json(row["spec"]).is_adapter


def _trained_from(row: RowMapping) -> Weights:
    """Return what a job's model was made from: of a training its base, of a merge the adapter on its base."""
    if row["models"]:
        return Weights.kept(next(iter(row["models"].values())))
    base = spec_from_json(row["spec"]).named_models()[0]
    return Weights(base.name, base_name(row), base.name, base.revision, is_stored=False, adapter=None)
