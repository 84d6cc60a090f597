"""Files that are generated from the code: written, or compared with what the code says now."""

import sys
from pathlib import Path


def write_or_check(content: str, path: Path, *, check: bool, command: str) -> None:
    """Write `content` to `path`; with `check`, exit with 1 when the file says something else."""
    if not check:
        path.write_text(content)
    elif not path.exists() or path.read_text() != content:
        sys.exit(f"{path} is not what the code says; run `{command} {path}` and commit it.")
