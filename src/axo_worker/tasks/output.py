"""Result files that are whole or not there: they get their names when all of them is on disk."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any


@contextlib.contextmanager
def whole_path(path: Path) -> Iterator[Path]:
    """Have a file written under another name, which appears at `path` when the block is left without an error."""
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        _sync(part)
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[IO[str]]:
    """Write a file of text, which appears at `path` when the block is left without an error."""
    with whole_path(path) as part, part.open("w", encoding="utf-8") as file:
        yield file


@contextlib.contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Fill a folder, which takes the place of the empty one at `path` when the block is left without an error."""
    part = path.with_name(f"{path.name}.part")
    part.mkdir()
    try:
        yield part
        for file in part.rglob("*"):
            _sync(file)
        _sync(part)
        part.rename(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_json(path: Path, content: Any) -> None:
    """Write `content` as a file of JSON that a person can read."""
    with whole_file(path) as file:
        json.dump(content, file, indent=2, ensure_ascii=False, allow_nan=False)
        file.write("\n")


def write_line(file: IO[str], row: Any) -> None:
    """Write one line of a file of JSON lines."""
    file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
