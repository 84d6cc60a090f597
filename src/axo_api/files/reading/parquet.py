"""Parquet: read when it is whole, for what it holds is said at its end. pyarrow is loaded when it is first needed."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import IO, Any

import msgspec

from axo_api.files.reading.parquet_batches import batches
from axo_api.files.reading.rows import MAX_ROW_BYTES, Rows, Unfit, Unreadable, too_long

_TOGETHER_BYTES = 4 * 1024 * 1024  # what is decoded in one go: that is fast, and takes several times as much
_BLOCK_BYTES = 1024 * 1024
_encode = msgspec.json.Encoder(enc_hook=str).encode


def read_parquet(file: Path | IO[bytes]) -> Iterator[Rows | Unreadable]:
    """Yield the rows as JSON objects. Raises `Unfit`, also where pyarrow is not installed."""
    arrow = _arrow()
    try:
        first = 1
        for batch in batches(arrow, file):
            yield from _rows(batch, first)
            first += batch.num_rows
    except MemoryError:
        raise Unfit("its rows take more memory than there is; send it as JSON lines") from None
    except (arrow.ArrowException, OSError) as error:
        raise Unfit(f"it is no whole parquet file: {str(error).splitlines()[0]}") from None


def unpacked_bytes(file: Path | IO[bytes]) -> int:
    """Return how large the columns are when they are unpacked, by the file's own word. Raises `Unfit`."""
    arrow = _arrow()
    try:
        metadata = arrow.parquet.read_metadata(file)
    except (arrow.ArrowException, OSError) as error:
        raise Unfit(f"it is no whole parquet file: {str(error).splitlines()[0]}") from None
    return sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))


def _rows(batch: Any, first: int) -> Iterator[Rows | Unreadable]:
    """Yield the rows of a batch. Those of a large one are decoded one by one, and none that is too long."""
    if batch.nbytes > _TOGETHER_BYTES:
        yield from _in_blocks((_taken(batch.slice(n, 1), first + n) for n in range(batch.num_rows)), first)
        return
    rows = [_encode(row) for row in batch.to_pylist()]
    if sum(map(len, rows)) <= _TOGETHER_BYTES:
        yield Rows(rows, range(first, first + len(rows)))
    else:
        yield from _in_blocks(map(_fitting, rows, count(first)), first)


def _taken(one: Any, line: int) -> bytes | Unreadable:
    if one.nbytes > MAX_ROW_BYTES:
        return too_long(line, one.nbytes, b"")
    return _fitting(_encode(one.to_pylist()[0]), line)


def _fitting(row: bytes, line: int) -> bytes | Unreadable:
    return row if len(row) <= MAX_ROW_BYTES else too_long(line, len(row), row)


def _in_blocks(found: Iterator[bytes | Unreadable], first: int) -> Iterator[Rows | Unreadable]:
    rows: list[bytes] = []
    size = 0
    for line, one in enumerate(found, first):
        if isinstance(one, bytes):
            rows.append(one)
            size += len(one)
            if size < _BLOCK_BYTES:
                continue
        if rows:
            yield Rows(rows, range(first, first + len(rows)))
        if isinstance(one, Unreadable):
            yield one
        rows, size, first = [], 0, line + 1
    if rows:
        yield Rows(rows, range(first, first + len(rows)))


def _arrow() -> Any:
    try:
        import pyarrow.compute
        import pyarrow.parquet  # 170 MB on disk and 50 MB in memory: only for those who use it
    except ImportError:
        raise Unfit(
            "this service reads no parquet: install it with `pip install 'axo[parquet]'`, or send JSON lines"
        ) from None
    return pyarrow
