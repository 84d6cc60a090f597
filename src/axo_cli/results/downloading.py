"""One file brought here: it goes on where a broken connection left it, and has no name before it is whole."""

import os
from collections.abc import Callable
from io import BufferedWriter
from pathlib import Path
from threading import Event

import httpx

from axo_cli.api import Api, wait_after
from axo_cli.errors import CliError, Unreachable
from axo_cli.results.checking import difference
from axo_cli.results.signed import ResultFile

PART = ".part"
TRIES = 6  # without a byte more, before it is given up


class Stopped(Exception):
    """Another file could not be had, so this one is not waited for."""


def part_of(target: Path) -> Path:
    """Return where a file lies while it is not whole."""
    return target.with_name(target.name + PART)


def download(
    api: Api, source: str, target: Path, file: ResultFile, *, grown: Callable[[int], None], stop: Event
) -> None:
    """Bring the file at `source` to `target`, unless it is there; `grown` is told how many bytes of it are here.

    Raises `Unreachable` when the service stays away, `CliError` when other bytes came than were signed, `Stopped`,
    and `OSError`. What came is kept, but for wrong bytes.
    """
    if target.is_file() and difference(target, file) is None:
        grown(file.bytes)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(target)
    tried, furthest = 0, -1
    while True:
        try:
            _fetch_rest(api, source, part, file, grown, stop)
            break
        except Unreachable:
            reached = part.stat().st_size
            tried, furthest = (1 if reached > furthest else tried + 1), max(reached, furthest)
            if tried == TRIES:
                raise
            wait_after(tried)
    if problem := difference(part, file):
        part.unlink()
        raise CliError(f"{file.path} {problem}: the copy on the service was damaged, or was changed on the way.")
    keep(part, target)


def keep(part: Path, target: Path) -> None:
    """Give a whole file its name, once it is on disk."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)


def _fetch_rest(api: Api, source: str, part: Path, file: ResultFile, grown: Callable[[int], None], stop: Event) -> None:
    with part.open("ab") as content:
        if content.tell() > file.bytes:
            _empty(content)
        if content.tell() == file.bytes:
            return
        asked = {"Range": f"bytes={content.tell()}-", "If-Range": f'"{file.sha256}"'} if content.tell() else {}
        with api.download(source, asked) as answer:
            if answer.status_code != httpx.codes.PARTIAL_CONTENT:
                _empty(content)
            for chunk in answer.iter_bytes():
                if stop.is_set():
                    raise Stopped
                content.write(chunk)
                grown(content.tell())


def _empty(content: BufferedWriter) -> None:
    content.seek(0)
    content.truncate()
