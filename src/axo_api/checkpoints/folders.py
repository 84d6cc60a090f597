"""A checkpoint's folder: where it lies, whether it is whole, and how it goes."""

import re
from pathlib import Path, PurePosixPath

import msgspec
from sqlalchemy import RowMapping

from axo_api.folders import remove_folder
from axo_api.opening import NO_REGULAR_FILE, read_small
from axo_contracts import storage_paths
from axo_contracts.outputs import CHECKPOINT_MANIFEST, CheckpointManifest

_CHECKPOINT = re.compile(r"checkpoint-[0-9]+")


def folder_of(row: RowMapping) -> PurePosixPath:
    """Return where the checkpoint of a row lies, below the storage root."""
    return storage_paths.attempt(row["job_id"], row["attempt"]) / str(row["path"])


def is_whole(folder: Path) -> bool:
    """Return whether every file that its worker has sealed is there, in its size; content is not read. Raises OSError.

    A worker reads it all before it goes on from it.
    """
    try:
        manifest = msgspec.json.decode(read_small(folder / CHECKPOINT_MANIFEST), type=CheckpointManifest)
        return all((folder / file.path).stat().st_size == file.bytes for file in manifest.files)
    except (ValueError, RecursionError):  # of what no worker has written
        return False
    except OSError as error:
        if error.errno in NO_REGULAR_FILE:
            return False
        raise


def is_half(folder: Path) -> bool:
    """Return whether it is a checkpoint's folder that its worker never sealed, or whose removal was cut short.

    What is only named like one is a job's own.
    """
    before = storage_paths.before_aside(folder.name)
    if not _CHECKPOINT.fullmatch(before or folder.name) or folder.is_symlink() or not folder.is_dir():
        return False
    return before is not None or not (folder / CHECKPOINT_MANIFEST).exists()


def remove(folder: Path) -> None:
    """Delete a checkpoint, as `remove_folder` does. Raises `OSError`."""
    if folder.parent.name != storage_paths.OUTPUTS or not folder.name.startswith("checkpoint-"):
        raise OSError(f"{folder} is not where a trainer leaves checkpoints, and is left alone")
    remove_folder(folder)
