"""`/v1/jobs/{id}/manifest` and `/v1/signing-key`: what a result was made from, and the key to check it with."""

from functools import partial
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from axo_api.answers import answered_as
from axo_api.dependencies import Axo, Reach
from axo_api.jobs.endpoints import JobId
from axo_api.jobs.service import get
from axo_api.results.keeping import kept_manifest

router = APIRouter(tags=["results"])


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
    return Response(await kept_manifest(axo, job_id), media_type="application/json")


@router.get("/v1/signing-key", summary="Get the key that manifests are checked with")
async def get_signing_key(axo: Axo) -> PublicKey:
    """Return this service's public key. It needs no API key; keep a copy where you check manifests."""
    return PublicKey(id=axo.signing_key.id, public_key=axo.signing_key.public_pem)
