"""A key that comes twice in an object: JSON's readers keep the last one and say nothing.

To look costs twice what the whole check costs, so of large files only a part of the rows is looked at.
"""

import json
from typing import Any

_ALL_OF_THE_FIRST_BYTES = 16 * 1024 * 1024
_THEN_ONE_OF = 32


class DuplicateKey(ValueError):
    """The key that comes twice."""


class DuplicateKeys:
    """Says which rows to look at, and looks: all of the first 16 MiB, then one row in 32."""

    def __init__(self) -> None:
        self._bytes = 0
        self._rows = 0

    def look(self, rows: list[bytes]) -> None:
        """Raise `DuplicateKey` when one of the rows that are looked at has one. The rows are JSON."""
        looked_at = rows
        if self._bytes > _ALL_OF_THE_FIRST_BYTES:
            looked_at = rows[-self._rows % _THEN_ONE_OF :: _THEN_ONE_OF]
        else:
            self._bytes += sum(map(len, rows))
        self._rows += len(rows)
        for row in looked_at:
            look(row)


def look(row: bytes) -> None:
    """Raise `DuplicateKey` when an object in `row`, which is JSON, has a key twice."""
    _decode(row.decode())


def only_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; what a decoder calls for each. Raises `DuplicateKey`."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        raise DuplicateKey(next(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
    return found


_decode = json.JSONDecoder(object_pairs_hook=only_once, parse_int=str, parse_float=str).decode
