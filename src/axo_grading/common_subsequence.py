"""The longest common subsequence of two sequences, by bit-parallel dynamic programming."""

from collections import defaultdict
from collections.abc import Hashable, Sequence


def common_length(first: Sequence[Hashable], second: Sequence[Hashable]) -> int:
    """Return the length of the longest common subsequence.

    Hyyrö, Bit-Parallel LCS-length Computation Revisited (2004): a zero bit per matched place, a step per item.
    """
    places: defaultdict[Hashable, int] = defaultdict(int)
    for place, item in enumerate(first):
        places[item] |= 1 << place
    every = (1 << len(first)) - 1
    row = every
    for item in second:
        matched = row & places.get(item, 0)
        row = ((row + matched) | (row - matched)) & every
    return len(first) - row.bit_count()
