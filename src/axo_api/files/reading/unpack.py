"""Unpacking gzip and zstd with a bound: a small file may claim to be terabytes."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from backports import zstd

from axo_api.files.reading.rows import BLOCK_BYTES, Unfit
from axo_contracts.wrappings import Compression

_ALWAYS_FINE = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class UnpackLimits:
    """What an upload may grow to. The ratio counts from 16 MiB on."""

    most_bytes: int
    most_ratio: float

    def check(self, unpacked: int, packed: int | None) -> None:
        """Raise `Unfit` where so many bytes have come out of so many: None, where nothing was packed."""
        if unpacked > self.most_bytes:
            raise Unfit(f"it unpacks to more than {self.most_bytes:,} bytes, which is the most")
        if packed is not None and unpacked > max(_ALWAYS_FINE, packed * self.most_ratio):
            times = f"{self.most_ratio:g} times its size"
            raise Unfit(f"it unpacks to more than {times}, as a decompression bomb does; send it as plain JSON lines")


class _Unpacker(Protocol):
    """What the standard library's decompressors have in common, but for zlib's."""

    eof: bool
    unused_data: bytes
    needs_input: bool

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Return up to `max_length` bytes of what `data` and what was left of earlier data hold."""


class Unpacked:
    """The blocks of a file, unpacked; `bytes` says how much has come out."""

    def __init__(self, blocks: Iterator[bytes], compression: Compression | None, limits: UnpackLimits) -> None:
        self.bytes = 0
        self._packed = 0
        self._limits = limits
        self._blocks = blocks
        self._compression = compression

    def __iter__(self) -> Iterator[bytes]:
        if self._compression is None:
            return self._counted(self._blocks)
        return self._counted(self._unpacked(_Gzip if self._compression == "gzip" else zstd.ZstdDecompressor))

    def _counted(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self.bytes += len(block)
            self._limits.check(self.bytes, self._packed if self._compression else None)
            yield block

    def _unpacked(self, new: Any) -> Iterator[bytes]:
        unpacker: _Unpacker = new()
        try:
            for block in self._blocks:
                self._packed += len(block)
                rest = block
                while rest or not (unpacker.needs_input or unpacker.eof):
                    if unpacker.eof:
                        unpacker = new()
                    if data := unpacker.decompress(rest, BLOCK_BYTES):
                        yield data
                    rest = unpacker.unused_data if unpacker.eof else b""
        except (zlib.error, zstd.ZstdError) as error:
            raise Unfit(f"it is no whole {self._compression} file: {error}") from None
        if not unpacker.eof:
            raise Unfit(f"it ends within its {self._compression} data; it may have been cut off")


class _Gzip:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self.eof, self.unused_data, self.needs_input = False, b"", True

    def decompress(self, data: bytes, max_length: int) -> bytes:
        unpacked = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self.eof, self.unused_data = self._inner.eof, self._inner.unused_data
        self.needs_input = not self._inner.unconsumed_tail
        return unpacked
