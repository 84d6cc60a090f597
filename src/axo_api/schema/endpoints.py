"""`GET /v1/schema`: what an Axolotl config may hold, as JSON schema."""

from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response

from axo_api.answers import refused_with
from axo_api.axolotl.config_schema import PINNED, schema_text, versions
from axo_api.errors import NotFound

router = APIRouter(prefix="/v1/schema", tags=["schema"])
Version = Annotated[
    str, Query(max_length=64, description="A version of Axolotl; left out: the one that axo trains with.")
]
CACHED = "public, max-age=3600"  # a file never changes; which one is pinned does, with the service


ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The schema.", "content": {"application/schema+json": {}}},
    304: {"description": "It is still the one of `If-None-Match`."},
    **refused_with(404),
}


@router.get("", response_class=Response, responses=ANSWERS)
async def get_schema(version: Version = PINNED, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """Return the JSON schema of Axolotl's configs, against which an editor can complete and check.

    The first line of a config names it to editors with the YAML language server:
    `# yaml-language-server: $schema=http://127.0.0.1:8400/v1/schema`
    """
    if version not in versions():
        raise NotFound(f"There is no schema of Axolotl {version!r}; there is {', '.join(versions())}.", param="version")
    text = schema_text(version)
    tag = f'"{sha256(text.encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": CACHED}
    if if_none_match is not None and tag in (each.strip().removeprefix("W/") for each in if_none_match.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(text, media_type="application/schema+json", headers=headers)
