"""Removing a folder, first from its name, so that nobody finds half of it: it is gone, or one is told what stays."""

import contextlib
import shutil
from pathlib import Path

from axo_api.errors import Unavailable
from axo_contracts import storage_paths


def remove_all(folder: Path, what: str) -> None:
    """Remove a folder that a client has asked to be deleted, as `remove_folder` does.

    Raises `Unavailable` where something stays, in a sentence about `what` it belongs to.
    """
    try:
        remove_folder(folder)
    except OSError as error:
        raise Unavailable(
            f"Some files of {what} could not be removed ({error.strerror}), so it is not deleted yet; ask again."
        ) from error


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it, first from its name; nothing is left, also where there was none.

    What an earlier try has left is removed as well. Raises `OSError` where something stays.
    """
    aside = folder.with_name(storage_paths.aside(folder.name))
    _remove(aside)
    with contextlib.suppress(FileNotFoundError):
        folder.rename(aside)
    _remove(aside)


def _remove(place: Path) -> None:
    """Remove a folder with all that is in it, or a file or a link in its place. Of what stays, the `OSError` says why.

    What a link leads to is left alone.
    """
    is_folder = place.is_dir() and not place.is_symlink()
    shutil.rmtree(place, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        if is_folder:
            place.rmdir()
        else:
            place.unlink()
