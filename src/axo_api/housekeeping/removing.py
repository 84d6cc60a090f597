"""How each kind of thing goes: its bytes first, then what is known of it, so that a sweep cut short is made again."""

import asyncio
import shutil
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, delete

from axo_api.dependencies import Parts
from axo_api.errors import ApiError
from axo_api.files.removing import remove_file
from axo_api.housekeeping.items import Item
from axo_api.housekeeping.logs import shorten
from axo_api.tables import checkpoints
from axo_contracts import storage_paths


async def remove(axo: Parts, item: Item) -> str | None:
    """Remove a thing that is not needed; return why that could not be, if it could not."""
    try:
        await _remove(axo, item)
    except (OSError, ApiError) as error:
        return str(error)
    return None


async def remove_checkpoint(axo: Parts, checkpoint_id: str, folder: Path) -> None:
    """Remove a checkpoint's files, then its row; a removal that was cut short is finished by asking again.

    Nothing that needs it may be there. Raises `OSError`.
    """
    await asyncio.to_thread(_remove_tree, folder)
    await axo.database.write(partial(_forget_checkpoint, checkpoint_id=checkpoint_id))


async def _remove(axo: Parts, item: Item) -> None:
    root = axo.settings.storage_root
    match item.kind:
        case "file":
            await remove_file(axo, item.id, owner=item.owner)
        case "checkpoint":
            assert item.path is not None
            await remove_checkpoint(axo, item.id, root / item.path)
        case "log":
            assert item.job_id is not None
            journal, metrics = storage_paths.journal(item.job_id), storage_paths.metrics(item.job_id)
            await asyncio.to_thread(shorten, root / journal, root / metrics)
        case "scratch":
            assert item.path is not None
            await asyncio.to_thread(_remove_tree, root / item.path)


def _remove_tree(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def _forget_checkpoint(connection: Connection, checkpoint_id: str) -> None:
    connection.execute(delete(checkpoints).where(checkpoints.c.id == checkpoint_id))
