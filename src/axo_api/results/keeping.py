"""The manifest of a result: made and signed when it is first needed, and kept byte for byte from then on."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

from axo_api.dependencies import Parts
from axo_api.durable import publish_once
from axo_api.errors import NO_ROOM, StorageFull
from axo_api.results.known import known_result
from axo_api.results.manifest import manifest_of
from axo_api.signing import SigningKey
from axo_contracts import storage_paths
from axo_contracts.manifest import ALGORITHM, canonical


async def kept_manifest(axo: Parts, job_id: str) -> bytes:
    """Return the manifest of a job, whoever's it is. Raises `NotFound` for a job without a result, and `StorageFull`.

    Who comes second keeps and returns what the first has made.
    """
    path = axo.settings.storage_root / storage_paths.manifest(job_id)
    if (kept := await asyncio.to_thread(_kept, path)) is not None:
        return kept
    try:
        manifest = await _made(axo, job_id)
        await asyncio.to_thread(publish_once, path, _signed(manifest, axo.signing_key))
    except OSError as error:
        if error.errno in NO_ROOM:
            raise StorageFull("There is no room for the manifest in the storage; free some, and ask again.") from None
        raise
    return await asyncio.to_thread(path.read_bytes)


async def _made(axo: Parts, job_id: str) -> dict[str, Any]:
    """Return the manifest of a result that is still there when all of it was read. Raises `NotFound` and `OSError`."""
    look = partial(known_result, job_id=job_id)
    known = await axo.database.read(look)
    try:
        return await asyncio.to_thread(manifest_of, axo.settings.storage_root, known)
    finally:
        await axo.database.read(look)  # what was deleted meanwhile may have been read in half, or not found


def _signed(manifest: dict[str, Any], key: SigningKey) -> bytes:
    signature = {"algorithm": ALGORITHM, "key_id": key.id, "value": key.sign(canonical(manifest))}
    return canonical({"manifest": manifest, "signature": signature})


def _kept(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None
