"""Files that are read without a service."""

import subprocess
import sys
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


def read_in_a_gigabyte(path: Path) -> str:
    """Return what a process that can have no more memory says of a file: that it is fine, or why it is not."""
    program = Path(__file__).with_name("says_what_it_reads.py")
    reads = ["prlimit", f"--data={1024**3}", sys.executable, str(program), str(path)]
    return subprocess.run(reads, check=True, stdout=subprocess.PIPE, text=True).stdout
