"""The manifest of a result: made and signed when it is first needed, and kept byte for byte from then on."""

import asyncio
import errno
from functools import partial
from pathlib import Path
from typing import Any

from axo_api.dependencies import Parts
from axo_api.durable import publish_once
from axo_api.errors import StorageFull
from axo_api.results.known import known_result
from axo_api.results.manifest import manifest_of
from axo_api.signing import SigningKey
from axo_contracts import storage_paths
from axo_contracts.manifest import ALGORITHM, canonical

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


async def kept_manifest(axo: Parts, job_id: str) -> bytes:
    """Return the manifest of a job, whoever's it is. Raises `NotFound` for a job without a result, and `StorageFull`.

    Who comes second keeps and returns what the first has made.
    """
    path = axo.settings.storage_root / storage_paths.manifest(job_id)
    if (kept := await asyncio.to_thread(_kept, path)) is not None:
        return kept
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
