"""JSON lines: a row a line."""

from collections.abc import Iterator

from axo_api.files.reading.rows import MAX_ROW_BYTES, Rows, Unreadable, too_long

_LONG = 512  # bytes, of a line
_LOOKED_AT = 4096  # bytes of a block, to tell how long its lines are


def read_lines(blocks: Iterator[bytes]) -> Iterator[Rows | Unreadable]:
    """Yield the lines of a file, block by block. A line over the limit is measured and dropped."""
    line = 1
    begun = _BegunLine()
    for block in blocks:
        whole = _split(block)
        rest = whole.pop()
        if whole:
            begun.add(whole[0])
            if begun.size > MAX_ROW_BYTES:
                yield too_long(line, begun.size, begun.take())
                rows, first = whole[1:], line + 1
            else:
                whole[0] = begun.take()
                rows, first = whole, line
            line += len(whole)
            yield Rows(_without_carriage_returns(rows, block), range(first, line))
        begun.add(rest)
    if begun.size > MAX_ROW_BYTES:
        yield too_long(line, begun.size, begun.take())
    elif begun.size:
        yield Rows([begun.take()], range(line, line + 1), may_be_cut=True)


def _split(block: bytes) -> list[bytes]:
    """Split at the newlines. `split` looks at each byte; to find them takes half its time where lines are long."""
    if block.count(b"\n", 0, _LOOKED_AT) > _LOOKED_AT // _LONG:
        return block.split(b"\n")
    lines = []
    start = 0
    while (end := block.find(b"\n", start)) >= 0:
        lines.append(block[start:end])
        start = end + 1
    lines.append(block[start:])
    return lines


class _BegunLine:
    """The pieces of a line whose end has not come yet."""

    def __init__(self) -> None:
        self.size = 0
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        if self.size <= MAX_ROW_BYTES:
            self._pieces.append(piece)
        self.size += len(piece)

    def take(self) -> bytes:
        line = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self.size, self._pieces = 0, []
        return line


def _without_carriage_returns(rows: list[bytes], block: bytes) -> list[bytes]:
    return [row.removesuffix(b"\r") for row in rows] if b"\r" in block else rows
