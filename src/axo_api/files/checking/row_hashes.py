"""Which rows are the same, within a file and between two: a hash a row, of a sample where there are millions.

What is kept are the hashes whose first byte is below `kept`, at most some millions: when there are more, that bound is
halved. So what is left is a fair sample, and two files' samples can be compared below the smaller bound.
"""

import mmap
import os
from array import array
from bisect import bisect_left
from pathlib import Path
from typing import NamedTuple

from xxhash import xxh3_64_intdigest

_BUCKETS = 256
_MOST_HASHES = 4_000_000  # 8 bytes each
_HEAD_BYTES = 8


class Estimate(NamedTuple):
    """A number of rows, and whether it was counted or follows from a sample."""

    rows: int
    is_exact: bool


class _Nowhere:
    def append(self, _hash: int) -> None:
        """Let a hash go that is not in the sample."""

    def __len__(self) -> int:
        return 0


class RowHashes:
    """The hashes of a file's rows, by their first byte."""

    def __init__(self) -> None:
        self._kept = _BUCKETS
        self._buckets: list[array[int] | _Nowhere] = [array("Q") for _ in range(_BUCKETS)]
        self._added = 0

    def add(self, rows: list[bytes]) -> None:
        """Take rows as they are written."""
        buckets = self._buckets
        for number in map(xxh3_64_intdigest, rows):
            buckets[number >> 56].append(number)
        self._added += len(rows)
        if self._added > _MOST_HASHES:
            self._halve()

    def duplicates(self) -> Estimate:
        """Return how many rows are there again."""
        repeated = sum(len(bucket) - len(set(bucket)) for bucket in self._sample())
        return _scaled(repeated, self._kept)

    def write(self, path: Path) -> None:
        """Write the distinct hashes, sorted, behind the bound. Raises `OSError`."""
        with path.open("wb") as file:
            file.write(self._kept.to_bytes(_HEAD_BYTES, "little"))
            for bucket in self._sample():
                array("Q", sorted(set(bucket))).tofile(file)
            file.flush()
            os.fsync(file.fileno())

    def _sample(self) -> list["array[int]"]:
        return [bucket for bucket in self._buckets if isinstance(bucket, array)]

    def _halve(self) -> None:
        self._added = sum(map(len, self._buckets))
        while self._added > _MOST_HASHES and self._kept > 1:
            self._kept //= 2
            self._buckets[self._kept :] = [_Nowhere()] * (_BUCKETS - self._kept)
            self._added = sum(map(len, self._buckets))


def common_rows(first: Path, second: Path) -> Estimate:
    """Return how many distinct rows two files share, by what `RowHashes` wrote of them. Raises `OSError`."""
    one, other = _read(first), _read(second)
    kept = min(one[0], other[0])
    shared = 0
    for bucket in range(kept):
        shared += len(_in_bucket(one, bucket) & _in_bucket(other, bucket))
    return _scaled(shared, kept)


def _read(path: Path) -> list[int] | memoryview:
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)).cast("Q")


def _in_bucket(hashes: list[int] | memoryview, bucket: int) -> set[int]:
    start = bisect_left(hashes, bucket << 56, 1)
    return set(hashes[start : bisect_left(hashes, (bucket + 1) << 56, start)])


def _scaled(counted: int, kept: int) -> Estimate:
    return Estimate(counted * _BUCKETS // kept, is_exact=kept == _BUCKETS)
