"""The known name that a misspelt one was meant to be."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches

MOST_EDITS = 2


def nearest(name: str, known: Collection[str], *, taken: Iterable[str] = ()) -> str | None:
    """Return the known name that `name` was meant to be, if one is near.

    Fewest edits (a letter missing, extra, wrong, or two swapped) go first; of equals, one that is not `taken`: who
    writes `f16` beside `fp16` means `bf16`.
    """
    already = set(taken)
    wrong = name[:100].lower().replace("-", "_")
    near = [
        (edits, other in already, -_same_start(wrong, other), other)
        for other in known
        if abs(len(other) - len(wrong)) <= MOST_EDITS and (edits := _edits(wrong, other)) <= MOST_EDITS
    ]
    if near and min(near)[0] < max(2, len(wrong) / 3):
        return min(near)[-1]
    close = get_close_matches(wrong, known, n=1, cutoff=0.6)
    return close[0] if close else None


def _edits(wrong: str, right: str) -> int:
    """Return the edits from one to the other, swaps of neighbours included (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, letter in enumerate(wrong, start=1):
        before, above, row = row, before, [i]
        for j, other in enumerate(right, start=1):
            edits = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == right[j - 2] and wrong[i - 2] == other:
                edits = min(edits, above[j - 2] + 1)
            row.append(edits)
        if min(row) > MOST_EDITS:
            return MOST_EDITS + 1
    return row[-1]


def _same_start(one: str, other: str) -> int:
    return next((index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
