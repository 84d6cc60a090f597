"""A completion's model as this host finds it: absolute paths, which are there."""

from pathlib import Path, PurePosixPath
from typing import Any

from axo_contracts.completions import Completion


class FilesGone(Exception):
    """What the model is made of is not there any more."""


def placed(completion: Completion, storage_root: Path) -> dict[str, Any]:
    """Return the weights to load. Raises `FilesGone`, and `ValueError` for a path that leads out of the storage."""
    base, adapter = completion.base, completion.adapter
    return {
        "base": str(_below(storage_root, base)) if completion.is_stored else base,
        "revision": completion.revision,
        "adapter": None if adapter is None else str(_below(storage_root, adapter)),
    }


def _below(root: Path, path: str) -> Path:
    if ".." in PurePosixPath(path).parts or PurePosixPath(path).is_absolute():
        raise ValueError(f"{path} is not below the storage's root")
    if not (root / path).is_dir():
        raise FilesGone(
            f"The model's files are gone: {path} is not in the storage. GET /v1/models lists what there is."
        )
    return root / path
