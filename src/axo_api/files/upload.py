"""Receiving one upload: a multipart body goes to disk, and through the row checker, as it arrives."""

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

from starlette.requests import ClientDisconnect

from axo_api.errors import BadRequest, Invalid, StorageFull
from axo_api.files.incoming import IncomingFile
from axo_api.files.multipart import MultipartReader
from axo_api.files.report import Report, RowChecker
from axo_contracts import storage_paths

PURPOSES = ("fine-tune",)
MAX_FILENAME_BYTES = 255
MAX_FIELD_BYTES = 1024
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Upload(NamedTuple):
    """An upload that is whole, checked and on disk."""

    filename: str
    purpose: str
    sha256: str
    report: Report


async def receive(content_type: str | None, body: AsyncIterator[bytes], *, storage_root: Path, file_id: str) -> Upload:
    """Store the file that `body` holds as the content of `file_id`, and return what is known of it.

    Raises `BadRequest` for a body that is malformed or cut off, `Invalid` for what is wrong in it, and `StorageFull`;
    then nothing of it is left.
    """
    form = _Form(lambda: IncomingFile(storage_root, file_id))
    reader = MultipartReader(content_type, form)
    try:
        async for data in body:
            await asyncio.to_thread(reader.write, data)
        reader.finish()
        return await asyncio.to_thread(form.keep, storage_root / storage_paths.uploaded_file(file_id))
    except ClientDisconnect:
        raise BadRequest("The upload was broken off.") from None
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise StorageFull("There is no room for this file on the service's disk; nothing of it was kept.") from None
    finally:
        form.discard()


class _Form:
    """The fields `file` and `purpose`, in either order."""

    def __init__(self, create: Callable[[], IncomingFile]) -> None:
        self._create = create
        self._file: IncomingFile | None = None
        self._rows = RowChecker()
        self._filename = ""
        self._fields: dict[str, bytes] = {}
        self._current = ""

    def begin(self, name: str, filename: str | None) -> None:
        if name not in {"file", "purpose"}:
            raise Invalid(f"{name[:64]!r}: there is no such field; the fields are file and purpose.", param=name[:64])
        if name in self._fields:
            raise Invalid(f"{name}: it is given twice; upload one file at a time.", param=name)
        self._current = name
        self._fields[name] = b""
        if name == "file":
            self._filename = _checked_name(filename)
            self._file = self._create()

    def data(self, data: bytes) -> None:
        if self._current == "file":
            assert self._file is not None
            self._file.write(data)
            self._rows.feed(data)
            return
        self._fields[self._current] += data
        if len(self._fields[self._current]) > MAX_FIELD_BYTES:
            raise Invalid(f"{self._current}: it is longer than {MAX_FIELD_BYTES} bytes.", param=self._current)

    def end(self) -> None:
        if self._current == "purpose":
            _check_purpose(self._fields["purpose"])

    def keep(self, path: Path) -> Upload:
        """Store the file under `path` when the form is complete."""
        for name in ("purpose", "file"):
            if name not in self._fields:
                raise Invalid(f"{name}: this field is required.", param=name)
        assert self._file is not None
        report = self._rows.finish()
        if not report.rows:
            raise Invalid("file: it is empty; a data file has one JSON object a line.", param="file")
        self._file.keep(path)
        return Upload(self._filename, self._fields["purpose"].decode(), self._file.sha256, report)

    def discard(self) -> None:
        """Leave nothing of a file that was not kept."""
        if self._file is not None:
            self._file.discard()


def _checked_name(filename: str | None) -> str:
    if not filename:
        raise Invalid("file: it has no filename; send it as a file, such as `-F file=@rows.jsonl`.", param="file")
    if not filename.isprintable() or "/" in filename or "\\" in filename:
        raise Invalid(
            f"file: {filename[:64]!r} is no plain file name; leave folders and control characters out.", param="file"
        )
    if len(filename.encode()) > MAX_FILENAME_BYTES:
        raise Invalid(f"file: its name is longer than {MAX_FILENAME_BYTES} bytes.", param="file")
    if not filename.endswith(".jsonl"):
        raise Invalid(f"file: {filename[:64]!r} is not .jsonl; send one JSON object a line.", param="file")
    return filename


def _check_purpose(value: bytes) -> None:
    if value.decode(errors="replace") not in PURPOSES:
        raise Invalid(
            f"purpose: {value.decode(errors='replace')[:64]!r} is none of {', '.join(PURPOSES)}.", param="purpose"
        )
