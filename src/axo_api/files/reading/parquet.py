"""Parquet: read when it is whole, for what it holds is said at its end. pyarrow is loaded when it is first needed."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

from axo_api.files.reading.rows import Rows, Unfit, Unreadable

_MANY = 256


def read_parquet(file: Path | IO[bytes]) -> Iterator[Rows | Unreadable]:
    """Yield the rows as JSON objects. Raises `Unfit`, also where pyarrow is not installed."""
    arrow = _arrow()
    try:
        with arrow.parquet.ParquetFile(file) as table:
            first = 1
            for batch in table.iter_batches(batch_size=_MANY, use_threads=False):
                yield Rows([_encode(row) for row in batch.to_pylist()], range(first, first + batch.num_rows))
                first += batch.num_rows
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


def _encode(row: dict[str, Any]) -> bytes:
    return msgspec.json.encode(row, enc_hook=str)


def _arrow() -> Any:
    try:
        import pyarrow.parquet  # 170 MB on disk and 50 MB in memory: only for those who use it
    except ImportError:
        raise Unfit(
            "this service reads no parquet: install it with `pip install 'axo[parquet]'`, or send JSON lines"
        ) from None
    return pyarrow
