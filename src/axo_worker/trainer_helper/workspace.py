"""A temporary folder in which a config can be read as in a run's own: its inputs lie at the same relative paths."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets

from .work_folders import remove_work_folder, work_folder

INPUTS = Path("inputs")
MOST_ROWS = 20_000
MOST_BYTES = 16 * 1024**2  # of rows that are read: some ten seconds of rendering and tokenizing
_BLOCK_BYTES = 1 << 20


class Unreadable(Exception):
    """The model or the data of a config cannot be read here. The message is for a person."""


@dataclass(frozen=True)
class Workspace:
    """The folder that is the working directory now; of its data each `stride`-th row was taken."""

    folder: Path
    stride: int


@contextlib.contextmanager
def workspace(question: dict[str, Any]) -> Iterator[Workspace]:
    """Change to a new folder with the question's inputs, thinned out. It is removed afterwards."""
    folder = work_folder(os.getpid())
    folder.mkdir(parents=True)
    try:
        os.chdir(folder)
        datasets.config.HF_DATASETS_CACHE = folder / "cache"
        yield Workspace(folder, _put_inputs(question))
    finally:
        remove_work_folder(os.getpid())


def _put_inputs(question: dict[str, Any]) -> int:
    INPUTS.mkdir()
    sources = {INPUTS / item["name"]: Path(item["source"]) for item in question.get("inputs", ())}
    lines = {target: _lines(source) for target, source in sources.items() if _has_rows_in_lines(source)}
    stride = max(
        _share(sum(lines.values()), question.get("most_rows", MOST_ROWS)),
        _share(sum(sources[target].stat().st_size for target in lines), MOST_BYTES),
    )
    for target, source in sources.items():
        if stride > 1 and target in lines:
            _thin_out(source, target, stride)
        else:
            target.symlink_to(source)
    return stride


def _share(size: int, most: int) -> int:
    return max(1, -(-size // most))


def _has_rows_in_lines(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"
    except OSError as error:
        raise Unreadable(f"The data cannot be read on the worker: {error}.") from error


def _lines(path: Path) -> int:
    count, last = 0, b"\n"
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK_BYTES):
            count += block.count(b"\n")
            last = block
    return count + (not last.endswith(b"\n"))


def _thin_out(source: Path, target: Path, stride: int) -> None:
    with source.open("rb") as file, target.open("wb") as thin:
        thin.writelines(line for number, line in enumerate(file) if number % stride == 0)
