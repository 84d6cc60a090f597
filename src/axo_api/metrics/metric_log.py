"""The one writer of a job's metrics: their lines as the journal has them, and block by block their columns."""

import logging
import os
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from threading import Lock

import msgspec

from axo_api.journals.line_file import LineFile
from axo_api.journals.reading import blocks_backwards
from axo_api.metrics.blocks import blocks_in, columns_beside, encode_block, mapped
from axo_api.metrics.lines import decode_metric, frames_between, kept_behind
from axo_contracts.frames import Metric

log = logging.getLogger(__name__)

LINES_A_BLOCK = 4096


class MetricLog:
    """The open metrics of a job. One at a time has them open: the recorder, from the first metric of an attempt on."""

    def __init__(self, path: Path, lines: LineFile, columns: int) -> None:
        self._path = path
        self._lines = lines
        self._columns = columns
        self._columns_end, self._sealed_end = _cut(columns, lines.end)
        self._attempt, self._waiting = _waiting(path, self._sealed_end, lines.end)
        self._is_dirty = False
        self._is_closed = False
        self._turn = Lock()

    @classmethod
    def open(cls, path: Path, journal: Path) -> "MetricLog":
        """Open the metrics at `path`, and bring them up to the journal: what a crash has torn or left out is mended.

        Raises `OSError`.
        """
        try:
            opened, newest = _opened(path)
        except (msgspec.DecodeError, ValueError):
            log.exception("%s is damaged, and made anew from its journal", path)
            path.unlink()
            columns_beside(path).unlink(missing_ok=True)
            opened, newest = _opened(path)
        try:
            for found in kept_behind(journal, newest):
                for _, of_attempt in groupby(found, key=lambda pair: pair[1].attempt):
                    opened.append([*of_attempt])
                    opened.seal_when_due()
        except BaseException:
            opened.close()
            raise
        return opened

    def append(self, said: Sequence[tuple[bytes, Metric]]) -> None:
        """Add lines of one attempt, each with its frame; after `close` nothing. Raises `OSError` and adds none."""
        with self._turn:
            if self._is_closed or not said:
                return
            attempt = said[0][1].attempt
            if self._waiting and attempt != self._attempt:
                self._seal()
            self._lines.append(b"\n".join(line for line, _ in said) + b"\n")
            self._attempt, self._waiting, self._is_dirty = attempt, self._waiting + len(said), True

    def seal_when_due(self) -> None:
        """Write the columns of the lines that wait, if they are many. A full disk makes them wait longer."""
        with self._turn:
            if self._waiting >= LINES_A_BLOCK and not self._is_closed:
                try:
                    self._seal()
                except OSError as error:
                    log.warning("the columns of %s wait: %s", self._path, error)

    def sync(self) -> None:
        """Return when all lines that were appended are on disk."""
        with self._turn:
            if self._is_dirty and not self._is_closed:
                self._lines.sync()
                self._is_dirty = False

    def close(self) -> None:
        """Close the files, without a sync."""
        with self._turn:
            if not self._is_closed:
                self._is_closed = True
                self._lines.close()
                os.close(self._columns)

    def _seal(self) -> None:
        self._lines.sync()
        frames = [frame for chunk in frames_between(self._path, self._sealed_end, self._lines.end) for frame in chunk]
        block = encode_block(frames, self._lines.end)
        try:
            if os.pwrite(self._columns, block, self._columns_end) < len(block):
                raise OSError("the disk took only a part")
            os.fdatasync(self._columns)
        except OSError:
            os.ftruncate(self._columns, self._columns_end)
            raise
        self._columns_end += len(block)
        self._sealed_end, self._waiting = self._lines.end, 0


def _opened(path: Path) -> tuple[MetricLog, tuple[int, int]]:
    """Return the open log, and the numbers of the newest line in it (of none: zeros)."""
    lines = LineFile.open(path)
    columns = -1
    try:
        newest = _newest(path, lines.end)
        columns = os.open(columns_beside(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        return MetricLog(path, lines, columns), newest
    except BaseException:
        lines.close()
        if columns >= 0:
            os.close(columns)
        raise


def _newest(path: Path, end: int) -> tuple[int, int]:
    with path.open("rb") as file:
        _, block = next(blocks_backwards(file.fileno(), end), (0, b""))
    if not block:
        return 0, 0
    frame = decode_metric(block.splitlines()[-1])
    return frame.attempt, frame.seq


def _cut(columns: int, lines_end: int) -> tuple[int, int]:
    """Cut off blocks that are torn, or of lines that are not there; return where blocks end, and the lines in them."""
    data = mapped(columns)
    blocks = [block for block in blocks_in(data) if block.contents.lines_end <= lines_end] if data else []
    while data and blocks and not blocks[-1].is_whole(data):
        blocks.pop()
    end, sealed = (blocks[-1].end, blocks[-1].contents.lines_end) if blocks else (0, 0)
    os.ftruncate(columns, end)
    return end, sealed


def _waiting(path: Path, start: int, end: int) -> tuple[int, int]:
    """Return the attempt of the lines that are in no block yet, and how many they are."""
    attempt = count = 0
    for frames in frames_between(path, start, end):
        attempt, count = frames[-1].attempt, count + len(frames)
    return attempt, count
