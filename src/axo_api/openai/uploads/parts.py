"""The parts of uploads: each a file of its own until all are put together."""

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from axo_api.durable import sync_folder
from axo_api.errors import Invalid
from axo_api.files.body import PIECE_BYTES, pour
from axo_api.files.multipart import MultipartReader
from axo_api.files.upload import refusals
from axo_contracts.storage_paths import UPLOAD_PARTS, upload_part

LARGEST_PART_BYTES = 64 * 1024 * 1024


async def receive_part(content_type: str | None, body: AsyncIterator[bytes], path: Path) -> int:
    """Store the part that a multipart body holds at `path`, and return its size. What is not whole is removed.

    Raises `BadRequest`, `Invalid` and `StorageFull`.
    """
    form = _PartForm(path)
    try:
        with refusals():
            reader = MultipartReader(content_type, form)
            await pour(body, reader.write)
            reader.finish()
            return await asyncio.to_thread(form.keep)
    finally:
        form.close()


def discard_parts(storage_root: Path, upload_id: str) -> None:
    """Leave no part of an upload."""
    shutil.rmtree(storage_root / UPLOAD_PARTS / upload_id, ignore_errors=True)


async def pieces(storage_root: Path, upload_id: str, part_ids: Sequence[str]) -> AsyncIterator[bytes]:
    """Yield the bytes of parts, in the order that is given."""
    for part_id in part_ids:
        with (storage_root / upload_part(upload_id, part_id)).open("rb") as part:
            while piece := await asyncio.to_thread(part.read, PIECE_BYTES):
                yield piece


def md5_of(storage_root: Path, upload_id: str, part_ids: Sequence[str]) -> str:
    """Return what the parts hash to together, in hexadecimal."""
    digest: Any = hashlib.md5(usedforsecurity=False)
    for part_id in part_ids:
        with (storage_root / upload_part(upload_id, part_id)).open("rb") as part:
            while piece := part.read(PIECE_BYTES):
                digest.update(piece)
    hexadecimal: str = digest.hexdigest()
    return hexadecimal


class _PartForm:
    """The field `data` of a part's multipart body."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._is_kept = False

    def begin(self, name: str, filename: str | None) -> None:
        if name != "data" or self._file is not None:
            raise Invalid(f"{name[:64]!r}: a part has one field, data.", param=name[:64])
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("xb")

    def data(self, data: bytes) -> None:
        assert self._file is not None
        if self._file.tell() + len(data) > LARGEST_PART_BYTES:
            raise Invalid(f"data: a part may have {LARGEST_PART_BYTES:,} bytes, and this has more.", param="data")
        self._file.write(data)

    def end(self) -> None:
        pass

    def keep(self) -> int:
        if self._file is None:
            raise Invalid("data: this field is required.", param="data")
        self._file.flush()
        os.fsync(self._file.fileno())
        for folder in (self._path.parent, self._path.parent.parent):
            sync_folder(folder)
        self._is_kept = True
        return self._file.tell()

    def close(self) -> None:
        """Let go of the part; one that is not whole is removed."""
        if self._file is not None:
            self._file.close()
            if not self._is_kept:
                self._path.unlink(missing_ok=True)
