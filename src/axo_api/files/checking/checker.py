"""Checking the rows of a file: one pass, and memory for one block of rows."""

from typing import Any, TypeVar

import msgspec

from axo_api.files.checking.duplicate_keys import DuplicateKey, DuplicateKeys, look
from axo_api.files.checking.formats import DECODERS, PlainChat, Row, detect
from axo_api.files.checking.row_hashes import RowHashes
from axo_api.files.checking.tally import Tally
from axo_api.files.reading.reader import Reader
from axo_api.files.reading.rows import Rows, Source, Unreadable
from axo_api.files.reading.unpack import UnpackLimits
from axo_api.files.report import EXCERPT_CHARACTERS, MAX_PROBLEMS, Problem, Report
from axo_contracts.format_names import FormatName
from axo_contracts.wrappings import Wrapping

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FIELDS_SHOWN = 8
_MOST_NOT_PLAIN = 8
_Decoded = TypeVar("_Decoded")
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class BadRow(ValueError):
    """Why a row cannot be used, in one sentence."""


class Checker:
    """Reads a file through and returns what it holds."""

    def __init__(self, source: Source, wrapping: Wrapping, limits: UnpackLimits) -> None:
        self._reader = Reader(source, wrapping, limits)
        self._strict = wrapping.container != "csv"  # there is only text in a table: `true` is a label
        self._format: FormatName | None = None
        self._decoder: msgspec.json.Decoder[Any] | None = None
        self._plain: msgspec.json.Decoder[PlainChat] | None = None
        self._blocks_not_plain = 0
        self._rows = 0
        self._bad_rows = 0
        self._problems: list[Problem] = []
        self._tally = Tally()
        self._keys = DuplicateKeys()
        self.hashes = RowHashes()

    def check(self) -> Report:
        """Return the report on all rows. Raises `Unfit` when nothing can be made of the file."""
        for found in self._reader.rows():
            if isinstance(found, Unreadable):
                self._rows += 1
                self._refuse(found.line, found.reason, found.excerpt)
            elif self._decoder is None or not self._take_together(found.rows, self._decoder):
                self._take_one_by_one(found)
        duplicates = self.hashes.duplicates()
        return Report(
            rows=self._rows,
            unpacked_bytes=self._reader.unpacked_bytes,
            format=self._format,
            bad_rows=self._bad_rows,
            problems=tuple(self._problems),
            roles=dict(self._tally.roles.most_common()),
            turns=self._tally.turns.distribution(),
            characters=self._tally.characters.distribution(),
            duplicate_rows=duplicates.rows,
            duplicate_rows_are_exact=duplicates.is_exact,
            empty_answers=self._tally.empty_answers,
            untrained_rows=self._tally.untrained_rows,
        )

    def _take_together(self, rows: list[bytes], decoder: "msgspec.json.Decoder[Any]") -> bool:
        """Take rows that are all good and of the file's format; return whether they are."""
        try:
            decoded = self._decoded_as_plain(rows) or _decode_together(rows, decoder)
            for row in rows:
                if not row.isascii():
                    row.decode()
            self._keys.look(rows)
        except (ValueError, RecursionError):  # what all reasons are, msgspec's too
            return False
        self._rows += len(rows)
        self._count(rows, decoded)
        return True

    def _decoded_as_plain(self, rows: list[bytes]) -> list[PlainChat] | None:
        """Return the rows if all are plain chats. A file with many that are not is no longer asked."""
        if self._plain is None or self._blocks_not_plain > _MOST_NOT_PLAIN:
            return None
        try:
            return _decode_together(rows, self._plain)
        except (ValueError, RecursionError):
            self._blocks_not_plain += 1
            return None

    def _take_one_by_one(self, found: Rows) -> None:
        rows: list[bytes] = []
        decoded: list[Row] = []
        for row, line in zip(found.rows, found.lines, strict=True):
            if not row.strip():
                continue
            self._rows += 1
            try:
                decoded.append(self._checked(row))
                rows.append(row)
            except BadRow as bad:
                cut = " The file ends within this row: it may have been cut off." if found.may_be_cut else ""
                self._refuse(line, f"{bad}{cut}", row)
        self._count(rows, decoded)

    def _checked(self, row: bytes) -> Row:
        if row.startswith(_BYTE_ORDER_MARK):
            raise BadRow("It begins with a byte order mark; save the file as UTF-8 without one.")
        try:
            row.decode()
            format_ = self._format_of(row)
            decoder = self._decoder or msgspec.json.Decoder(DECODERS[format_], strict=self._strict)
            decoded: Row = decoder.decode(row)
            look(row)
        except UnicodeDecodeError as error:
            raise BadRow(f"Its byte {error.start} is not UTF-8.") from None
        except msgspec.ValidationError as error:
            raise BadRow(f"{error}.") from None
        except msgspec.DecodeError as error:
            raise BadRow(f"It is not JSON: {_why(error, row)}.") from None
        except DuplicateKey as error:
            raise BadRow(
                f"It has the key {str(error)[:64]!r} twice in one object; readers would keep only one."
            ) from None
        except RecursionError:
            raise BadRow("It is nested too deeply.") from None
        if self._format is None:
            self._format, self._decoder = format_, decoder
            if format_ == "chat_template":
                self._plain = msgspec.json.Decoder(PlainChat, strict=self._strict)
        return decoded

    def _format_of(self, row: bytes) -> FormatName:
        given = _fields(row)
        fields = {name: value for name, value in given.items() if bytes(value) != b"null"}
        found = detect(fields)
        if self._format is None and found is None:
            names = ", ".join(list(given)[:_FIELDS_SHOWN])
            raise BadRow(f"No format has its fields ({names[:EXCERPT_CHARACTERS]}); docs/data.md lists the formats.")
        if self._format and found and self._format not in (found, detect(given)):  # a table's rows have all its columns
            raise BadRow(f"It is a {found} row, while the rows before it are {self._format} rows.")
        return self._format or found  # type: ignore[return-value]  # one of the two is there

    def _count(self, rows: list[bytes], decoded: list[Row] | list[PlainChat]) -> None:
        self._tally.add(decoded)
        self.hashes.add(rows)

    def _refuse(self, line: int, reason: str, row: bytes) -> None:
        self._bad_rows += 1
        if len(self._problems) < MAX_PROBLEMS:
            excerpt = row[: 4 * EXCERPT_CHARACTERS].decode(errors="replace")[:EXCERPT_CHARACTERS]
            self._problems.append(Problem(self._rows, line, reason, excerpt.replace("\x00", "�")))


def _decode_together(rows: list[bytes], decoder: "msgspec.json.Decoder[_Decoded]") -> list[_Decoded]:
    """Return the rows decoded, in one go where each is seen to end in its line. Raises what the decoder raises."""
    for row in rows:
        if row[:1] != b"{" or row[-1:] != b"}":
            return list(map(decoder.decode, rows))
    decoded = decoder.decode_lines(b"\n".join(rows))  # JSON has no place where it goes on from } to {
    if len(decoded) != len(rows):
        raise ValueError("a row holds more than one object")
    return decoded


def _why(error: msgspec.DecodeError, row: bytes) -> str:
    if b"\x00" in row:
        return "it holds NUL bytes"
    return str(error).removeprefix("JSON is malformed: ")
