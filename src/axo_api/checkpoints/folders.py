"""A checkpoint's folder: where it lies, whether it is whole, and how it goes."""

import contextlib
import shutil
from pathlib import Path, PurePosixPath

import msgspec
from sqlalchemy import RowMapping

from axo_contracts.outputs import CHECKPOINT_MANIFEST, CheckpointManifest
from axo_contracts.storage_paths import OUTPUTS, attempt


def folder_of(row: RowMapping) -> PurePosixPath:
    """Return where the checkpoint of a row lies, below the storage root."""
    return attempt(row["job_id"], row["attempt"]) / str(row["path"])


def is_whole(folder: Path) -> bool:
    """Return whether every file that its worker has sealed is there, in its size; content is not read. Raises OSError.

    A worker reads it all before it goes on from it.
    """
    try:
        manifest = msgspec.json.decode((folder / CHECKPOINT_MANIFEST).read_bytes(), type=CheckpointManifest)
        return all((folder / file.path).stat().st_size == file.bytes for file in manifest.files)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return False


def remove(folder: Path) -> None:
    """Delete a checkpoint: first from its name, so that nobody finds half of it. What was cut short is finished.

    Raises `OSError`.
    """
    if folder.parent.name != OUTPUTS or not folder.name.startswith("checkpoint-"):
        raise OSError(f"{folder} is not where a trainer leaves checkpoints, and is left alone")
    aside = folder.with_name(f".{folder.name}.removed")
    with contextlib.suppress(FileNotFoundError):
        folder.rename(aside)
    if aside.exists():
        shutil.rmtree(aside)
