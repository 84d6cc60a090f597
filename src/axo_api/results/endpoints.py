"""`/v1/jobs/{id}/manifest` and `/v1/signing-key`: what a result was made from, and the key to check it with."""

import asyncio
import errno
from functools import partial
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from axo_api.answers import answered_as
from axo_api.dependencies import Axo, Parts, Reach
from axo_api.durable import publish_once
from axo_api.errors import StorageFull
from axo_api.jobs.endpoints import JobId
from axo_api.jobs.service import get
from axo_api.results.known import known_result
from axo_api.results.manifest import manifest_of
from axo_api.signing import SigningKey
from axo_contracts import storage_paths
from axo_contracts.manifest import ALGORITHM, canonical

router = APIRouter(tags=["results"])

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class PublicKey(BaseModel):
    """The key that manifests are checked with."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    object: Literal["signing_key"] = "signing_key"
    id: str
    """The SHA-256 of the raw public key."""
    algorithm: Literal["ed25519"] = "ed25519"
    public_key: str
    """In PEM."""


@router.get(
    "/v1/jobs/{job_id}/manifest",
    response_class=Response,
    responses=answered_as("application/json", "object"),
    summary="Get a result's manifest",
)
async def get_manifest(job_id: JobId, axo: Axo, owner: Reach) -> Response:
    """Return all that a result was made from and the hash of each of its files, signed. docs/results.md has the form.

    It is made when it is first asked for, and stays as it is from then on, byte for byte.
    """
    await axo.database.read(partial(get, job_id=job_id, owner=owner))
    path = axo.settings.storage_root / storage_paths.manifest(job_id)
    content = await asyncio.to_thread(_kept, path) or await _made(axo, job_id, path)
    return Response(content, media_type="application/json")


@router.get("/v1/signing-key", summary="Get the key that manifests are checked with")
async def get_signing_key(axo: Axo) -> PublicKey:
    """Return this service's public key. It needs no API key; keep a copy where you check manifests."""
    return PublicKey(id=axo.signing_key.id, public_key=axo.signing_key.public_pem)


async def _made(axo: Parts, job_id: str, path: Path) -> bytes:
    """Make the manifest of a job and keep it. Who comes second keeps and returns what the first has made."""
    known = await axo.database.read(partial(known_result, job_id=job_id, owner=None))
    try:
        manifest = await asyncio.to_thread(manifest_of, axo.settings.storage_root, known)
        await asyncio.to_thread(publish_once, path, _signed(manifest, axo.signing_key))
    except OSError as error:
        if error.errno in NO_ROOM:
            raise StorageFull("There is no room for the manifest in the storage; free some, and ask again.") from None
        raise
    return await asyncio.to_thread(path.read_bytes)


def _signed(manifest: dict[str, Any], key: SigningKey) -> bytes:
    signature = {"algorithm": ALGORITHM, "key_id": key.id, "value": key.sign(canonical(manifest))}
    return canonical({"manifest": manifest, "signature": signature})


def _kept(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None
