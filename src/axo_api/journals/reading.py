"""Reading a journal: forwards from an offset, and backwards from its end. Memory is bounded by a block and one line."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BLOCK_BYTES = 64 * 1024


class OffsetError(ValueError):
    """The offset is not the start of a line of this journal."""


def read(path: Path, start: int, limit: int) -> bytes:
    """Return the whole lines from offset `start` on: at most `limit` bytes, but at least one line if there is one.

    Nothing is returned for a line that is still being written, nor from offset 0 of a journal that does not exist yet.
    Raises `OffsetError` when `start` is neither 0 nor just behind a newline.
    """
    return read_on(path, start, limit)[0]


def read_on(path: Path, start: int, limit: int) -> tuple[bytes, bool]:
    """Return what `read` returns, and whether those are the newest lines there are."""
    with _opened(path) as file:
        _check_line_start(file, start)
        return _whole_lines(file, start, limit)


def is_over(path: Path, start: int) -> bool:
    """Return whether the job's `end` lies before `start`, so that nothing will ever follow. Raises `OffsetError`."""
    with _opened(path) as file:
        _check_line_start(file, start)
        _, block = next(blocks_backwards(file, start), (0, b""))
        return any(line.startswith(prefix_of("end")) for line in block.splitlines()[-1:])


def tail(path: Path, count: int, of_type: str) -> list[bytes]:
    """Return the newest `count` lines of one type, oldest of them first, without their newlines."""
    newest = [line for _, line in zip(range(count), _newest_first(path, of_type), strict=False)]
    return newest[::-1]


def start_of_tail(path: Path, count: int, of_type: str) -> int:
    """Return the offset to read from so as to see the newest `count` lines of one type; 0 when there are not more."""
    with _opened(path) as file:
        seen = 0
        end = whole_end(file)
        if count == 0:
            return end
        for offset, block in blocks_backwards(file, end):
            starts = [*_line_starts(block, prefix_of(of_type))]
            if seen + len(starts) >= count:
                return offset + starts[seen - count]
            seen += len(starts)
    return 0


def whole_end(descriptor: int) -> int:
    """Return the offset just behind the last newline; what follows it is torn, or still being written."""
    end = os.fstat(descriptor).st_size
    while end > 0:
        start = max(0, end - BLOCK_BYTES)
        newline = os.pread(descriptor, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def blocks_backwards(descriptor: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield `(offset, whole lines)` from the end of the journal, which is the end of a line, back to its start."""
    rest: list[bytes] = []  # the pieces, last first, of a line whose start has not been seen yet
    while end > 0:
        start = max(0, end - BLOCK_BYTES)
        block = os.pread(descriptor, end - start, start)
        end = start
        first = 0 if start == 0 else block.find(b"\n", 0, len(block) - (not rest)) + 1
        if start and not first:
            rest.append(block)
            continue
        yield start + first, b"".join([block[first:], *reversed(rest)])
        rest = [block[:first]] if first else []


def prefix_of(of_type: str) -> bytes:
    """Return how each line of a type begins."""
    return b'{"type":"%b"' % of_type.encode()


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """Yield a descriptor of the journal; one that does not exist yet reads as empty."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        descriptor = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _check_line_start(descriptor: int, start: int) -> None:
    if start < 0 or (start and os.pread(descriptor, 1, start - 1) != b"\n"):
        raise OffsetError(f"{start} is no id of this journal.")


def _newest_first(path: Path, of_type: str) -> Iterator[bytes]:
    prefix = prefix_of(of_type)
    with _opened(path) as file:
        for _, block in blocks_backwards(file, whole_end(file)):
            yield from [line for line in block.split(b"\n") if line.startswith(prefix)][::-1]


def _line_starts(block: bytes, prefix: bytes) -> Iterator[int]:
    """Yield where the lines with `prefix` start. JSON has no raw newline inside a line, so the search is exact."""
    if block.startswith(prefix):
        yield 0
    found = block.find(b"\n" + prefix)
    while found >= 0:
        yield found + 1
        found = block.find(b"\n" + prefix, found + 1)


def _whole_lines(descriptor: int, start: int, limit: int) -> tuple[bytes, bool]:
    block = os.pread(descriptor, limit, start)
    end = block.rfind(b"\n")
    if end >= 0 or not block:
        return block[: end + 1], len(block) < limit
    pieces = [block]  # a single line that is longer than the limit
    position = start + len(block)
    while block := os.pread(descriptor, BLOCK_BYTES, position):
        end = block.find(b"\n")
        pieces.append(block[: end + 1] if end >= 0 else block)
        if end >= 0:
            return b"".join(pieces), False
        position += len(block)
    return b"", True
