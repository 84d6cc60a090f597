"""The file of columns: one block after another, each with the points of some thousand lines of one attempt.

A block is a head of fixed width, a table of contents in MessagePack, and for each name its steps, epochs and values:
three little-endian arrays, each number at a multiple of eight, so that a series is read where it lies.
"""

import mmap
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from axo_api.metrics.columns import Column, column_of, names_in
from axo_contracts.frames import Metric

_HEAD = struct.Struct("<4sIQII")  # magic, checksum of what follows the head, bytes of columns, of contents, padding
_MAGIC = b"AXM1"
_NUMBER = 8


class _Contents(msgspec.Struct, array_like=True, frozen=True):
    attempt: int
    first_step: int
    last_step: int
    lines_end: int
    columns: dict[str, tuple[int, int]]  # where each begins behind the contents, and how many points it has


class Block(NamedTuple):
    """Where a block lies in its file, and what is in it. `lines_end` is the offset behind the lines that it covers."""

    start: int
    columns_start: int
    end: int
    contents: _Contents

    def column(self, data: mmap.mmap, name: str) -> Column:
        """Return a column as it lies in the file."""
        offset, count = self.contents.columns[name]
        begin, size = self.columns_start + offset, count * _NUMBER
        return Column(
            np.frombuffer(data, "<i8", count, begin),
            np.frombuffer(data, "<f8", count, begin + size),
            np.frombuffer(data, "<f8", count, begin + 2 * size),
        )

    def is_whole(self, data: mmap.mmap) -> bool:
        """Return whether it is as it was written."""
        checksum: int = _HEAD.unpack_from(data, self.start)[1]
        return zlib.crc32(data[self.start + _HEAD.size : self.end]) == checksum


def columns_beside(lines: Path) -> Path:
    """Return where the columns of metrics lie whose lines are at a path."""
    return lines.with_suffix(".columns")


def encode_block(frames: Sequence[Metric], lines_end: int) -> bytes:
    """Return the block of frames of one attempt; there is at least one."""
    places: dict[str, tuple[int, int]] = {}
    arrays: list[bytes] = []
    at = 0
    for name in names_in(frames):
        column = column_of(frames, name)
        places[name] = at, len(column.steps)
        arrays += [column.steps.astype("<i8").tobytes(), *(part.astype("<f8").tobytes() for part in column[1:])]
        at += 3 * len(column.steps) * _NUMBER
    steps = [frame.step for frame in frames]
    contents = msgspec.msgpack.encode(_Contents(frames[0].attempt, min(steps), max(steps), lines_end, places))
    padding = -len(contents) % _NUMBER
    body = b"".join([contents, bytes(padding), *arrays])
    return _HEAD.pack(_MAGIC, zlib.crc32(body), at, len(contents), padding) + body


def mapped(descriptor: int) -> mmap.mmap | None:
    """Return a file as memory. None: it is empty. It stays until nobody has a column of it any more."""
    size = os.fstat(descriptor).st_size
    return mmap.mmap(descriptor, size, prot=mmap.PROT_READ) if size else None


def blocks_in(data: mmap.mmap) -> Iterator[Block]:
    """Yield the whole blocks of a file, up to the first that is torn or still being written."""
    start = 0
    while start + _HEAD.size <= len(data):
        magic, _, columns_size, contents_size, padding = _HEAD.unpack_from(data, start)
        contents_start = start + _HEAD.size
        columns_start = contents_start + contents_size + padding
        end = columns_start + columns_size
        if magic != _MAGIC or end > len(data):
            return
        try:
            contents = msgspec.msgpack.decode(data[contents_start : contents_start + contents_size], type=_Contents)
        except msgspec.DecodeError:
            return
        yield Block(start, columns_start, end, contents)
        start = end
