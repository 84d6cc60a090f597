"""Unpacking gzip and zstd with a bound: a small file may claim to be terabytes."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from backports import zstd

from axo_api.files.reading.rows import BLOCK_BYTES, Unfit
from axo_api.settings import Settings
from axo_contracts.wrappings import Compression

_ALWAYS_FINE = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class UnpackLimits:
    """What an upload may grow to. The ratio counts from 16 MiB on."""

    most_bytes: int
    most_ratio: float


def unpack_limits(settings: Settings) -> UnpackLimits:
    """Return the limits that the operator has set."""
    return UnpackLimits(settings.files.max_unpacked_bytes, settings.files.max_unpacked_ratio)


class _Unpacker(Protocol):
    eof: bool
    unused_data: bytes

    def unpack(self, data: bytes) -> bytes:
        """Return up to a block of what `data` and what was left of earlier data hold."""

    @property
    def wants_more(self) -> bool:
        """Whether all that was given is used up."""


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
        return self._counted(self._unpacked(_Gzip if self._compression == "gzip" else _Zstd))

    def _counted(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self.bytes += len(block)
            if self.bytes > self._limits.most_bytes:
                raise Unfit(f"it unpacks to more than {self._limits.most_bytes:,} bytes, which is the most")
            if self._compression and self.bytes > max(_ALWAYS_FINE, self._packed * self._limits.most_ratio):
                times = f"{self._limits.most_ratio:g} times its size"
                raise Unfit(f"it unpacks to more than {times}, as a decompression bomb does; send it unpacked")
            yield block

    def _unpacked(self, new: Any) -> Iterator[bytes]:
        unpacker: _Unpacker = new()
        try:
            for block in self._blocks:
                self._packed += len(block)
                rest = block
                while rest or not (unpacker.wants_more or unpacker.eof):
                    if unpacker.eof:
                        unpacker = new()
                    if data := unpacker.unpack(rest):
                        yield data
                    rest = unpacker.unused_data if unpacker.eof else b""
        except (zlib.error, zstd.ZstdError) as error:
            raise Unfit(f"it is no whole {self._compression} file: {error}") from None
        if not unpacker.eof:
            raise Unfit(f"it ends within its {self._compression} data; it may have been cut off")


class _Gzip:
    def __init__(self) -> None:
        self._unpacker = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._unpacker.eof

    @property
    def unused_data(self) -> bytes:
        return self._unpacker.unused_data

    @property
    def wants_more(self) -> bool:
        return not self._unpacker.unconsumed_tail

    def unpack(self, data: bytes) -> bytes:
        return self._unpacker.decompress(self._unpacker.unconsumed_tail + data, BLOCK_BYTES)


class _Zstd:
    def __init__(self) -> None:
        self._unpacker = zstd.ZstdDecompressor()

    @property
    def eof(self) -> bool:
        return self._unpacker.eof

    @property
    def unused_data(self) -> bytes:
        return self._unpacker.unused_data

    @property
    def wants_more(self) -> bool:
        return self._unpacker.needs_input

    def unpack(self, data: bytes) -> bytes:
        return self._unpacker.decompress(data, BLOCK_BYTES)
