"""Whether the files in a folder are those of a result."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from axo_cli.results.signed import Result, ResultFile
from axo_contracts.manifest import FILENAME


def differences(folder: Path, result: Result) -> Iterator[str]:
    """Yield one line for each file that is missing, that differs, or that is not the result's."""
    for file in result.files:
        if problem := difference(folder / file.path, file):
            yield f"{file.path}: {problem}"
    own = {FILENAME, *(file.path for file in result.files)}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_dir() and name not in own:
            yield f"{name}: is not part of the result"


def difference(path: Path, file: ResultFile) -> str | None:
    """Return how what lies at `path` differs from what was signed, or None. A pickle may be missing."""
    if not path.is_file():
        return None if file.pickle else "is missing"
    size = path.stat().st_size
    if size != file.bytes:
        return f"has {size} bytes instead of {file.bytes}"
    return None if sha256_of(path) == file.sha256 else "has another content than was signed"


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
