"""The first rows of a file, in memory for little more than one row."""

from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import msgspec

from axo_api.errors import Invalid
from axo_api.files.reading.reader import Reader
from axo_api.files.reading.rows import StoredFile, Unfit, Unreadable
from axo_api.files.reading.unpack import UnpackLimits
from axo_api.files.schemas import PreviewRow
from axo_contracts.wrappings import Wrapping

SHOWN_BYTES = 16 * 1024  # of a row


def first_rows(path: Path, wrapping: Wrapping, limits: UnpackLimits, count: int) -> list[PreviewRow]:
    """Return the first `count` rows; blank lines are no rows. Raises `OSError`, and `Invalid` when it has none."""
    shown: list[PreviewRow] = []
    try:
        with closing(_rows(Reader(StoredFile(path), wrapping, limits))) as rows:
            for row in rows:
                shown.append(_shown(len(shown) + 1, row))
                if len(shown) == count:
                    break
    except Unfit as error:
        raise Invalid(f"file_id: {error}.", param="file_id") from None
    return shown


def _rows(reader: Reader) -> Generator[bytes]:
    for found in reader.rows():
        if isinstance(found, Unreadable):
            yield found.excerpt
        else:
            yield from (row for row in found.rows if row.strip())


def _shown(number: int, row: bytes) -> PreviewRow:
    is_whole = len(row) <= SHOWN_BYTES
    try:
        if is_whole:
            return PreviewRow(row=number, value=msgspec.json.decode(row))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    return PreviewRow(row=number, text=row[:SHOWN_BYTES].decode(errors="replace") + ("" if is_whole else " … (cut)"))
