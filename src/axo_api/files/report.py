"""Checking a file of rows while it goes by: one pass, and memory for one row."""

import msgspec

from axo_api.files.rows import BadRow, Format, check_row

MAX_ROW_BYTES = 64 * 1024 * 1024
MAX_PROBLEMS = 100  # listed; all are counted
EXCERPT_CHARACTERS = 120


class Problem(msgspec.Struct, frozen=True):
    """One row that cannot be used. Rows count from 1; blank lines are no rows."""

    row: int
    line: int
    reason: str
    excerpt: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds. `format` is None when no row could be used."""

    rows: int
    bytes: int
    format: Format | None
    bad_rows: int
    problems: tuple[Problem, ...]


class RowChecker:
    """Takes a file's bytes in pieces of any size, and returns the report at their end."""

    def __init__(self) -> None:
        self._bytes = 0
        self._lines = 0
        self._rows = 0
        self._bad_rows = 0
        self._format: Format | None = None
        self._problems: list[Problem] = []
        self._line: list[bytes] = []  # the pieces of a line whose end has not come yet
        self._line_bytes = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._bytes += len(data)
        *ended, rest = data.split(b"\n")
        for piece in ended:
            self._take(piece)
            self._end_line(is_ended=True)
        self._take(rest)

    def finish(self) -> Report:
        """Return the report on all that was fed."""
        if self._line_bytes:
            self._end_line(is_ended=False)
        return Report(
            rows=self._rows,
            bytes=self._bytes,
            format=self._format,
            bad_rows=self._bad_rows,
            problems=tuple(self._problems),
        )

    def _take(self, piece: bytes) -> None:
        if self._line_bytes <= MAX_ROW_BYTES:
            self._line.append(piece)
        self._line_bytes += len(piece)

    def _end_line(self, *, is_ended: bool) -> None:
        line = self._line[0] if len(self._line) == 1 else b"".join(self._line)
        size, self._line, self._line_bytes = self._line_bytes, [], 0
        self._lines += 1
        if not line.strip():
            return
        self._rows += 1
        try:
            self._check(line, size)
        except BadRow as bad:
            reason = str(bad) if is_ended else f"{bad} The file ends within this row: it may have been cut off."
            self._report(line, reason)

    def _check(self, line: bytes, size: int) -> None:
        if size > MAX_ROW_BYTES:
            raise BadRow(f"It has {size:,} bytes; a row may have {MAX_ROW_BYTES:,}.")
        found = check_row(line)
        self._format = self._format or found
        if found != self._format:
            raise BadRow(f"It is a {found} row, while the rows before it are {self._format} rows.")

    def _report(self, line: bytes, reason: str) -> None:
        self._bad_rows += 1
        if len(self._problems) < MAX_PROBLEMS:
            excerpt = line[: 4 * EXCERPT_CHARACTERS].decode(errors="replace")[:EXCERPT_CHARACTERS]
            self._problems.append(Problem(self._rows, self._lines, reason, excerpt.replace("\x00", "�")))
