"""One reader for every wrapping. A new container is a reader beside this one and a line in `rows`."""

import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO

from axo_api.files.reading.array import read_json
from axo_api.files.reading.lines import read_lines
from axo_api.files.reading.parquet import read_parquet, unpacked_bytes
from axo_api.files.reading.rows import MAX_ROW_BYTES, Rows, Source, Unfit, Unreadable
from axo_api.files.reading.table import read_table
from axo_api.files.reading.unpack import Unpacked, UnpackLimits
from axo_contracts.wrappings import Wrapping

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SIGNATURES = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PAR1": "parquet",
    b"PK\x03\x04": "a zip archive",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


class Reader:
    """Reads the rows of a file, once. Raises `Unfit` when its content is not what its name says."""

    def __init__(self, source: Source, wrapping: Wrapping, limits: UnpackLimits) -> None:
        self._source = source
        self._wrapping = wrapping
        self._limits = limits
        self.unpacked_bytes = 0

    def rows(self) -> Iterator[Rows | Unreadable]:
        """Yield the rows in their order, and in their places what is none."""
        container, compression = self._wrapping
        blocks = _of_kind(self._source.blocks(), compression or container)
        unpacked = Unpacked(blocks, compression, self._limits)
        content = _of_kind(iter(unpacked), container) if compression else iter(unpacked)
        try:
            match container:
                case "jsonl":
                    yield from read_lines(content)
                case "json":
                    yield from read_json(_without_byte_order_mark(content))
                case "csv":
                    yield from read_table(_without_byte_order_mark(content))
                case "parquet":
                    yield from self._parquet_rows(content)
        finally:
            self.unpacked_bytes = max(self.unpacked_bytes, unpacked.bytes)

    def _parquet_rows(self, content: Iterator[bytes]) -> Iterator[Rows | Unreadable]:
        path = self._source.whole()
        packed = path.stat().st_size
        if self._wrapping.compression is None:
            next(content, None)  # its kind is looked at; the rest is read from its end
            yield from self._bounded_parquet(path, packed)
            return
        with tempfile.TemporaryFile(dir=path.parent) as unpacked:
            for block in content:
                unpacked.write(block)
            unpacked.seek(0)
            yield from self._bounded_parquet(unpacked, packed)

    def _bounded_parquet(self, file: Path | IO[bytes], packed: int) -> Iterator[Rows | Unreadable]:
        """Yield the rows. What a dictionary repeats costs a file nothing, so that they are counted as well."""
        self.unpacked_bytes = unpacked_bytes(file)
        self._limits.check(self.unpacked_bytes, packed)
        come = 0
        for found in read_parquet(file):
            come += sum(map(len, found.rows)) if isinstance(found, Rows) else MAX_ROW_BYTES
            self._limits.check(come, packed)
            yield found


def _of_kind(blocks: Iterator[bytes], expected: str) -> Iterator[bytes]:
    first = next(blocks, b"")
    found = next((kind for signature, kind in _SIGNATURES.items() if first.startswith(signature)), None)
    if first and expected in _SIGNATURES.values() and found != expected:
        raise Unfit(f"its name says {expected}, and its content is none")
    if found and found != expected:
        raise Unfit(f"its content is {found}; give it the name that it has by its content, or send it as UTF-8 text")
    return chain([first] if first else [], blocks)


def _without_byte_order_mark(blocks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(blocks, b"")
    if first.startswith(_BYTE_ORDER_MARK):
        raise Unfit("it begins with a byte order mark; save it as UTF-8 without one")
    return chain([first], blocks)
