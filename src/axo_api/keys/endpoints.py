"""`/v1/keys`: make, list and revoke keys. For admins only."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query

from axo_api.dependencies import ADMIN, Axo
from axo_api.json_body import TakesJson
from axo_api.keys import service
from axo_api.keys.schemas import Key, NewKey
from axo_api.keys.secret import new_secret
from axo_api.pagination import After, Limit, Page, page
from axo_contracts.keys import KeySpec, OwnerName

router = APIRouter(prefix="/v1/keys", tags=["keys"], dependencies=[ADMIN], route_class=TakesJson)
KeyId = Annotated[str, Path(examples=["key-01m80dj386h6snwnj5w2aq1gwa"])]


@router.post("", status_code=201, summary="Make a key")
async def create_key(spec: KeySpec, axo: Axo) -> NewKey:
    """Make a key. Its secret is in this answer and nowhere else; if the answer is lost, revoke the key."""
    secret = new_secret()
    row = service.new_row(spec, secret)
    await axo.database.write(partial(service.add, row=row))
    axo.keys.forget()
    return NewKey.of(row, secret)


@router.get("", summary="List keys")
async def list_keys(
    axo: Axo,
    after: After = None,
    limit: Limit = 20,
    owner: Annotated[OwnerName | None, Query(description="Only this owner's. Left out: everybody's.")] = None,
) -> Page[Key]:
    """List keys, newest first, with those that have expired or were revoked."""
    rows = await axo.database.read(partial(service.find, owner=owner, after=after, limit=limit))
    return page([Key.from_row(row) for row in rows], limit)


@router.delete("/{key_id}", summary="Revoke a key")
async def revoke_key(key_id: KeyId, axo: Axo) -> Key:
    """Accept a key no longer: here at once, in other processes of this service within three seconds."""
    row = await axo.database.write(partial(service.revoke, key_id=key_id))
    axo.keys.forget()
    return Key.from_row(row)
