"""How each kind of thing goes: so that a sweep which was cut short is taken up by the next one."""

import asyncio
import shutil
from functools import partial
from pathlib import Path

from axo_api.checkpoints.reasons import RemovedBecause
from axo_api.checkpoints.removing import mark_unwanted, remove_files
from axo_api.dependencies import Parts
from axo_api.errors import ApiError, Conflict
from axo_api.files.removing import remove_file
from axo_api.housekeeping.items import Item
from axo_api.housekeeping.logs import shorten
from axo_contracts import storage_paths


async def remove(axo: Parts, item: Item) -> str | None:
    """Remove a thing that is not needed; return why that could not be, if it could not."""
    try:
        await _remove(axo, item)
    except (OSError, ApiError) as error:
        return str(error)
    return None


async def _remove(axo: Parts, item: Item) -> None:
    root = axo.settings.storage_root
    match item.kind:
        case "file":
            await remove_file(axo, item.id, owner=item.owner)
        case "checkpoint":
            mark = partial(mark_unwanted, ids=[item.id], because=RemovedBecause.SWEPT)
            if not (rows := await axo.database.write(mark)):
                raise Conflict("It was deleted, or came into use, since it was looked at; the next sweep sees to it.")
            await remove_files(axo.database, root, rows)
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
