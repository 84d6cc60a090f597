"""Files that are read without a service."""

from collections.abc import Iterator
from pathlib import Path

from axo_api.files.checking.checker import Checker
from axo_api.files.reading.rows import StoredFile
from axo_api.files.reading.unpack import UnpackLimits
from axo_api.files.report import Report
from axo_contracts.wrappings import Wrapping

LIMITS = UnpackLimits(most_bytes=10**12, most_ratio=200)


class Pieces:
    """A file that comes in pieces of any size."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def blocks(self) -> Iterator[bytes]:
        """Yield them."""
        return self._pieces

    def whole(self) -> Path:
        """Say that it lies nowhere."""
        raise FileNotFoundError


def report_on(content: bytes, name: str = "rows.jsonl") -> Report:
    """Return the report on a file that comes in one piece."""
    return report_on_pieces(iter([content]), name)


def report_on_pieces(pieces: Iterator[bytes], name: str = "rows.jsonl") -> Report:
    """Return the report on a file that comes in pieces."""
    wrapping = Wrapping.named(name)
    assert wrapping
    return Checker(Pieces(pieces), wrapping, LIMITS).check()


def report_on_file(path: Path) -> Report:
    """Return the report on a file that lies on disk."""
    wrapping = Wrapping.named(path.name)
    assert wrapping
    return Checker(StoredFile(path), wrapping, LIMITS).check()
