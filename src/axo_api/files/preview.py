"""The first rows of a file, in bounded memory."""

from pathlib import Path

import msgspec

from axo_api.files.schemas import PreviewRow

SHOWN_BYTES = 16 * 1024  # of a row


def first_rows(path: Path, count: int) -> list[PreviewRow]:
    """Return the first `count` rows; blank lines are no rows. Raises `OSError`."""
    rows: list[PreviewRow] = []
    with path.open("rb") as file:
        while len(rows) < count and (line := file.readline(SHOWN_BYTES)):
            is_whole = line.endswith(b"\n") or len(line) < SHOWN_BYTES
            rest = line
            while len(rest) == SHOWN_BYTES and not rest.endswith(b"\n"):
                rest = file.readline(SHOWN_BYTES)
            if line.strip():
                rows.append(_shown(len(rows) + 1, line, is_whole=is_whole))
    return rows


def _shown(row: int, line: bytes, *, is_whole: bool) -> PreviewRow:
    try:
        if is_whole:
            return PreviewRow(row=row, value=msgspec.json.decode(line))
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    return PreviewRow(row=row, text=line.decode(errors="replace").rstrip("\r\n") + ("" if is_whole else " … (cut)"))
