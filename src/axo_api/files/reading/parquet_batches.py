"""The rows of a parquet file, so many at a time that they take little memory, whatever its dictionaries repeat."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

_MOST_ROWS = 256
_MOST_BYTES = 256 * 1024 * 1024  # of a batch, were each of its values the largest one of its dictionary
_TEXT = "BYTE_ARRAY"


def batches(arrow: Any, file: Path | IO[bytes]) -> Iterator[Any]:
    """Yield the rows as record batches. Raises `ArrowException`, `OSError` and `MemoryError`."""
    with arrow.parquet.ParquetFile(file) as table:
        texts = [column.path for column in _columns(table) if column.physical_type == _TEXT]
        with arrow.parquet.ParquetFile(file, metadata=table.metadata, read_dictionary=texts) as probe:
            for group in range(table.num_row_groups):
                widest = _widest_text(arrow, probe, group, texts) if texts else 0
                rows = _rows_at_once(table, group, widest)
                for batch in table.iter_batches(batch_size=rows, row_groups=[group], use_threads=False):
                    yield _without_dictionaries(arrow, batch)


def _rows_at_once(table: Any, group: int, widest_text: int) -> int:
    """Return how many rows of a group are read together, by how large they are on average, or may become."""
    metadata = table.metadata.row_group(group)
    total: int = metadata.total_byte_size
    for number, column in enumerate(_columns(table)):
        values = max(metadata.num_rows, metadata.column(number).num_values)
        total += values * (widest_text if column.physical_type == _TEXT else max(0, column.length))
    fitting: int = _MOST_BYTES * metadata.num_rows // max(1, total)
    return max(1, min(_MOST_ROWS, fitting))


def _widest_text(arrow: Any, probe: Any, group: int, texts: list[str]) -> int:
    """Return the bytes of the largest text in the dictionaries of a group, which come with its first row."""
    first = next(probe.iter_batches(batch_size=1, row_groups=[group], columns=texts, use_threads=False), None)
    columns = first.columns if first is not None else []
    lengths = (arrow.compute.binary_length(found) for column in columns for found in _dictionaries(arrow, column))
    return max((arrow.compute.max(found).as_py() or 0 for found in lengths), default=0)


def _dictionaries(arrow: Any, array: Any) -> Iterator[Any]:
    """Yield the dictionaries of texts within an array."""
    if isinstance(array, arrow.DictionaryArray):
        if _is_text(arrow, array.type.value_type):
            yield array.dictionary
    elif isinstance(array, arrow.StructArray):
        for number in range(array.type.num_fields):
            yield from _dictionaries(arrow, array.field(number))
    elif isinstance(array, arrow.MapArray):
        yield from _dictionaries(arrow, array.keys)
        yield from _dictionaries(arrow, array.items)
    elif isinstance(array, arrow.ListArray | arrow.LargeListArray | arrow.FixedSizeListArray):
        yield from _dictionaries(arrow, array.values)


def _is_text(arrow: Any, kind: Any) -> bool:
    types = arrow.types
    return any(test(kind) for test in (types.is_string, types.is_binary, types.is_large_string, types.is_large_binary))


def _without_dictionaries(arrow: Any, batch: Any) -> Any:
    """Return a batch of which each row is as large as it says: of a dictionary, each row has all."""
    columns = [
        column.dictionary_decode() if isinstance(column, arrow.DictionaryArray) else column for column in batch.columns
    ]
    return arrow.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _columns(table: Any) -> list[Any]:
    return [table.schema.column(number) for number in range(len(table.schema))]
