"""Removing a file: what is known of it goes first, so that nobody finds a file without its content."""

import asyncio
from functools import partial

from axo_api.dependencies import Parts
from axo_api.files import service
from axo_contracts import storage_paths


async def remove_file(axo: Parts, file_id: str, *, owner: str | None) -> None:
    """Remove a file of an owner (None: of anybody). Raises `NotFound`, and `Conflict` while a live job needs it.

    A content that a crash leaves behind is nobody's, and goes with a later sweep.
    """
    await axo.database.write(partial(service.remove, file_id=file_id, owner=owner))
    await discard_content(axo, file_id)


async def discard_content(axo: Parts, file_id: str) -> None:
    """Remove what lies on disk of a file that nobody knows, or knows any more."""
    for path in (storage_paths.uploaded_file(file_id), storage_paths.row_hashes(file_id)):
        await asyncio.to_thread((axo.settings.storage_root / path).unlink, missing_ok=True)
