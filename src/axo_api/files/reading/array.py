"""JSON: one array of rows, taken apart without holding it; JSON lines under the name .json are read as such."""

import re
from collections.abc import Iterator
from itertools import chain

from axo_api.files.reading.lines import read_lines
from axo_api.files.reading.rows import MAX_ROW_BYTES, Rows, Unfit, Unreadable, too_long

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TO_A_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|' + _STRING + rb")*+", re.DOTALL)
_TO_A_COMMA = re.compile(rb'(?:[^"\[\]{},]++|' + _STRING + rb")*+", re.DOTALL)
_REST_OF_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_QUOTE, _COMMA = b'",'
_DEEPER = dict.fromkeys(b"[{", 1) | dict.fromkeys(b"]}", -1)
_SPACE = b" \t\r\n"


def read_json(blocks: Iterator[bytes]) -> Iterator[Rows | Unreadable]:
    """Yield the elements of an array, or the lines of a file that holds none."""
    blocks, begins_array, line = _look_at_start(blocks)
    if not begins_array:
        yield from read_lines(blocks)
        return
    array = _Array(line)
    for block in blocks:
        yield from array.feed(block)
    yield from array.finish()


def _look_at_start(blocks: Iterator[bytes]) -> tuple[Iterator[bytes], bool, int]:
    """Return the blocks behind `[` when that comes first, and the line that it is on; else all blocks."""
    newlines = 0
    for block in blocks:
        text = block.lstrip(_SPACE)
        newlines += block.count(b"\n", 0, len(block) - len(text))
        if text.startswith(b"["):
            return chain([text[1:]], blocks), True, newlines + 1
        if text:
            return chain([b"\n" * newlines, text], blocks), False, 1
    return iter(()), False, 1


class _Array:
    """An array behind its `[`, in pieces."""

    def __init__(self, line: int) -> None:
        self._text = bytearray()  # from the begin of the element that is read now
        self._at = 0  # how far it was looked at
        self._depth = 1
        self._in_string = False
        self._line = line  # where the element begins
        self._elements = 0
        self._dropped_bytes = 0  # of an element over the limit
        self._dropped_lines = 0

    def feed(self, block: bytes) -> Iterator[Rows | Unreadable]:
        """Take the next bytes, and yield what is whole by them."""
        self._text += block
        rows: list[bytes] = []
        lines: list[int] = []
        start = 0
        while self._depth and self._advance():
            mark = self._text[self._at]
            if self._depth == 1 and mark in b",]}":
                if self._dropped_bytes:
                    size = self._dropped_bytes + self._at - start
                    yield too_long(self._line, size, bytes(self._text[start : self._at]))
                elif (element := self._element(start, is_last=mark != _COMMA)) is not None:
                    rows.append(element)
                    lines.append(self._line)
                self._begin_next(start)
                start = self._at + 1
            self._depth += _DEEPER.get(mark, 0)
            self._at += 1
        if rows:
            yield Rows(rows, lines)
        self._forget(start)

    def finish(self) -> Iterator[Unreadable]:
        """Say that the file is over."""
        if self._depth:
            yield Unreadable(
                self._line, "The file ends before the array's `]`: it may have been cut off.", bytes(self._text[:1024])
            )

    def _advance(self) -> bool:
        """Go to the next mark outside of strings; return whether there is one in what has come."""
        if self._in_string:
            self._at = self._end_of(_REST_OF_STRING)
            if self._at >= len(self._text) or self._text[self._at] != _QUOTE:
                return False
            self._in_string = False
            self._at += 1
        self._at = self._end_of(_TO_A_COMMA if self._depth == 1 else _TO_A_BRACKET)
        if self._at < len(self._text) and self._text[self._at] == _QUOTE:  # of a string that has not ended yet
            self._in_string = True
            self._at = self._at + 1
            self._at = self._end_of(_REST_OF_STRING)
            return False
        return self._at < len(self._text)

    def _end_of(self, pattern: re.Pattern[bytes]) -> int:
        found = pattern.match(self._text, self._at)
        assert found
        return found.end()

    def _element(self, start: int, *, is_last: bool) -> bytes | None:
        """Return the element that ends here; `[]` has none, and between two commas is one that is no JSON."""
        text = bytes(self._text[start : self._at])
        element = text.strip(_SPACE)
        self._line += text.count(b"\n", 0, len(text) - len(text.lstrip(_SPACE)))
        if not element:
            return None if is_last and not self._elements else b","
        return element

    def _begin_next(self, start: int) -> None:
        first = start + len(self._text[start : self._at]) - len(self._text[start : self._at].lstrip(_SPACE))
        self._line += self._text.count(b"\n", first, self._at) + self._dropped_lines
        self._elements += 1
        self._dropped_bytes = self._dropped_lines = 0

    def _forget(self, start: int) -> None:
        """Let go of what was yielded, and of an element that is too long anyway."""
        if not self._depth:
            if self._text[self._at :].strip(_SPACE):
                raise Unfit("something follows the array's `]`; a .json file has one array of rows, or a row a line")
            start = self._at
        elif len(self._text) - start > MAX_ROW_BYTES or self._dropped_bytes:
            self._dropped_lines += self._text.count(b"\n", start, self._at)
            self._dropped_bytes += self._at - start
            start = self._at
        del self._text[:start]
        self._at -= start
