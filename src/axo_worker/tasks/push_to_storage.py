"""Copying to object storage or a folder by fsspec: files first, each read back, the manifest last.

A `….part` of the manifest comes first of all: it says whose half lies there, so that the same push may go on, and
nothing else is ever overwritten.
"""

import errno
import hashlib
import os
from typing import Any

from fsspec.core import url_to_fs

from .parcel import BLOCK_BYTES, Item, Parcel, Progress, PushFailed, sha256_of
from .run import Run, Stopped


def push(run: Run, parcel: Parcel, to: str) -> dict[str, Any]:
    """Copy a parcel below the URL `to`, and return what is to be said of the place. Raises `PushFailed`."""
    try:
        storage, root = url_to_fs(to, skip_instance_cache=True, use_listings_cache=False)
        place = _Place(storage, root.rstrip("/"), parcel)
        progress = Progress(run, 2 * parcel.bytes)
        place.claim()
        for item in parcel.items:
            place.bring(item, progress)
        place.finish()
        progress.finish()
    except ImportError as error:
        raise PushFailed(f"{to}: the trainer's environment lacks a package for it ({error})") from error
    except (PushFailed, Stopped):
        raise
    except Exception as error:  # what it may be is known to the storage's own package
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise PushFailed(f"{to}: {type(error).__name__}: {error}") from error
    return {"revision": None}


class _Place:
    """Where a parcel goes."""

    def __init__(self, storage: Any, root: str, parcel: Parcel) -> None:
        self._storage = storage
        self._root = root
        self._parcel = parcel
        self._claim = f"{parcel.manifest_name}.part"
        self._is_local = bool(getattr(storage, "local_file", False))

    def claim(self) -> None:
        """Mark the place as this parcel's. Raises `PushFailed` where something else lies."""
        there = self._names()
        for name in (self._parcel.manifest_name, self._claim):
            if name in there:
                if self._storage.cat_file(self._path(name)) != self._parcel.manifest:
                    raise PushFailed(f"another result lies at {self._root}; push to a path of its own")
                return
        if there:
            raise PushFailed(f"{self._root} is not empty, and nothing is overwritten; push to a path of its own")
        self._write(self._claim, self._parcel.manifest)

    def bring(self, item: Item, progress: Progress) -> None:
        """Copy a file unless it is there, and read it back."""
        if self._has(item, None):
            return progress.add(2 * item.bytes)
        digest = hashlib.sha256()
        with item.path.open("rb") as source, self._open(item.name) as target:
            while block := source.read(BLOCK_BYTES):
                digest.update(block)
                target.write(block)
                progress.add(len(block))
            self._sync(target)
        if digest.hexdigest() != item.sha256:
            raise PushFailed(f"{item.name} is not what was signed: its content here has changed")
        if not self._has(item, progress):
            raise PushFailed(f"{item.name} arrived at {self._root} with another content")
        return None

    def finish(self) -> None:
        """Let the parcel be whole."""
        self._write(self._parcel.manifest_name, self._parcel.manifest)
        if self._claim in self._names():
            self._storage.rm_file(self._path(self._claim))

    def _has(self, item: Item, progress: Progress | None) -> bool:
        path = self._path(item.name)
        if not self._storage.exists(path) or self._storage.size(path) != item.bytes:
            return False
        with self._storage.open(path, "rb") as file:
            return sha256_of(file, progress.add if progress else _ignore) == item.sha256

    def _names(self) -> set[str]:
        """Return what lies at the place itself."""
        try:
            found = self._storage.ls(self._root, detail=False)
        except FileNotFoundError:
            return set()
        return {str(path).rstrip("/").rpartition("/")[2] for path in found} - {""}

    def _write(self, name: str, content: bytes) -> None:
        with self._open(name) as file:
            file.write(content)
            self._sync(file)

    def _open(self, name: str) -> Any:
        path = self._path(name)
        if self._is_local:  # elsewhere there are no folders, and a bucket is not ours to make
            self._storage.makedirs(path.rpartition("/")[0], exist_ok=True)
        return self._storage.open(path, "wb")

    def _sync(self, file: Any) -> None:
        if self._is_local:  # an object is on disk when it is there, a file is not
            file.flush()
            os.fsync(file.fileno())

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"


def _ignore(_: int) -> None:
    """Tell nobody."""
