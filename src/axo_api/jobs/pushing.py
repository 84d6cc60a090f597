"""A push before it is queued: whether it may go where it is to go, and the manifest that goes with it."""

from functools import partial

from axo_api.dependencies import Parts
from axo_api.errors import Invalid
from axo_api.models.service import locate
from axo_api.results.keeping import kept_manifest
from axo_api.settings import Settings
from axo_contracts.destinations import covering
from axo_contracts.tasks import PushSpec


async def prepare_push(axo: Parts, spec: PushSpec, *, owner: str) -> None:
    """See that a push may be made, and that its result has a manifest, which the worker copies.

    Raises `Invalid`, `ModelNotFound` and `StorageFull`. A checkpoint goes with the hashes that its worker has written.
    """
    _check_destination(spec, owner, axo.settings)
    found = await axo.database.read(partial(locate, name=spec.model, owner=owner, prefer=owner))
    if found.step is None:
        await kept_manifest(axo, found.row["id"])


def _check_destination(spec: PushSpec, owner: str, settings: Settings) -> None:
    if covering(spec.to, settings.push_destinations, owner=owner) is None:
        allowed = ", ".join(settings.push_destinations) or "none: the operator has set no AXO_PUSH_DESTINATIONS"
        raise Invalid(f"to: {spec.to!r} is outside of where results may be taken ({allowed}).", param="to")
