"""CSV: a header, then a row a record, as the trainer reads it with pandas."""

import codecs
import csv
from collections.abc import Iterator

import msgspec

from axo_api.files.reading.rows import MAX_ROW_BYTES, Rows, Unfit, Unreadable

csv.field_size_limit(MAX_ROW_BYTES)

_MANY = 256
_MISSING = frozenset({"", "NA", "N/A", "n/a", "<NA>", "NULL", "null", "None", "NaN", "nan", "-NaN", "-nan"}) | {
    *("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "1.#IND", "1.#QNAN"),
}
"""The cells that pandas takes for missing values."""


class _BadRecord(ValueError):
    """Why a record is no row."""


def read_table(blocks: Iterator[bytes]) -> Iterator[Rows | Unreadable]:
    """Yield the records as JSON objects of texts and nulls."""
    records = csv.reader(_text_lines(blocks), strict=True)
    header = _header(records)
    rows: list[bytes] = []
    lines: list[int] = []
    while True:
        line = records.line_num + 1
        try:
            cells = next(records, None)
            if cells is None:
                break
            row = _row(header, cells) if cells else b""
        except (csv.Error, _BadRecord) as error:
            if rows:
                yield Rows(rows, lines)
                rows, lines = [], []
            yield Unreadable(line, f"It is no record of this table: {error}.", b"")
            continue
        rows.append(row)
        lines.append(line)
        if len(rows) == _MANY:
            yield Rows(rows, lines)
            rows, lines = [], []
    if rows:
        yield Rows(rows, lines)


def _header(records: Iterator[list[str]]) -> list[str]:
    try:
        header = next((cells for cells in records if cells), [])
    except csv.Error as error:
        raise Unfit(f"its header cannot be read: {error}") from None
    if header and header[0].lstrip().startswith(("{", "[")):
        raise Unfit("its content is JSON; name it .jsonl, or .json")
    if len(set(header)) < len(header):
        raise Unfit("its header names a column twice")
    return header


def _row(header: list[str], cells: list[str]) -> bytes:
    if len(cells) > len(header):
        raise _BadRecord(f"it has {len(cells)} cells, and the header {len(header)}")
    values: dict[str, str | None] = dict.fromkeys(header)
    values |= {name: cell for name, cell in zip(header, cells, strict=False) if cell not in _MISSING}
    if any("\0" in cell for cell in cells):
        raise _BadRecord("it holds a NUL character")
    try:
        return msgspec.json.encode(values)
    except UnicodeEncodeError:
        raise _BadRecord("it is not UTF-8") from None


def _text_lines(blocks: Iterator[bytes]) -> Iterator[str]:
    decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
    begun: list[str] = []
    characters = 0
    for block in blocks:
        *whole, rest = decode(block).split("\n")
        for text in whole:
            yield "".join([*begun, text, "\n"])
            begun, characters = [], 0
        begun.append(rest)
        characters += len(rest)
        if characters > MAX_ROW_BYTES:
            raise Unfit(f"it has a line of more than {MAX_ROW_BYTES:,} characters")
    if characters:
        yield "".join(begun)
