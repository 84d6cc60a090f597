"""Turns a trainer's output, which is any bytes at all, into lines and progress, with bounded memory."""

import re
import time
from typing import Literal

from axo_contracts.frames import MAX_TEXT_BYTES, Log, Progress
from axo_worker.frames import FrameWriter

PROGRESS_SECONDS = 0.25  # between two values of one bar

_BAR = re.compile(
    r"\s*(?P<description>[^|]*?):?\s*\d+%\|[^|]*\|\s*"
    r"(?P<current>[\d.]+)(?P<current_unit>[kMGT]?)/(?P<total>[\d.]+)(?P<total_unit>[kMGT]?)\w* \[[^\]]*\]"
)
_LONGEST_BAR = 1000  # characters
_UNITS = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


class OutputReader:
    """Reads one of the trainer's two outputs into frames, and its last lines into `log_tail`."""

    def __init__(self, source: Literal["stdout", "stderr"], frames: FrameWriter, log_tail: "LogTail") -> None:
        self._source = source
        self._frames = frames
        self._log_tail = log_tail
        self._unended = bytearray()
        self._is_truncated = False
        self._repaint = ""
        self._bar_shown_at: dict[str, float] = {}

    def feed(self, received: bytes) -> None:
        """Take what was read. A frame is written for each line that it ends."""
        *lines, rest = received.split(b"\n")
        for line in lines:
            self._extend(line)
            self._end_line()
        self._extend(rest)

    def finish(self) -> None:
        """Take what is left as the last line."""
        self._end_line()

    def _extend(self, text: bytes) -> None:
        if b"\r" in text:
            *repaints, text = text.split(b"\r")
            for repaint in repaints:
                self._append(repaint)
                self._repaint = self._take_text(is_last=False) or self._repaint
        self._append(text)

    def _append(self, text: bytes) -> None:
        room = MAX_TEXT_BYTES - len(self._unended)
        self._unended += text[:room]
        self._is_truncated |= len(text) > room

    def _end_line(self) -> None:
        text = self._take_text(is_last=True) or self._repaint
        was_truncated, self._is_truncated = self._is_truncated, False
        self._repaint = ""
        if text:
            self._log_tail.add(text)
            self._frames.write(lambda stamp: Log(**stamp, text=text, source=self._source, truncated=was_truncated))

    def _take_text(self, *, is_last: bool) -> str:
        """Return what was gathered since the last break, less the progress bar that may be in it."""
        text = self._unended.decode("utf-8", "replace").replace("\x00", "\ufffd")
        self._unended.clear()
        if "%|" in text and len(text) <= _LONGEST_BAR and (bar := _BAR.match(text)):
            self._show(bar, is_last=is_last)
            return text[bar.end() :].strip()
        return text

    def _show(self, bar: re.Match[str], *, is_last: bool) -> None:
        description = bar["description"].strip()
        now = time.monotonic()
        if not is_last and now - self._bar_shown_at.get(description, 0.0) < PROGRESS_SECONDS:
            return
        if len(self._bar_shown_at) > 100:  # bars whose descriptions count up
            self._bar_shown_at.clear()
        self._bar_shown_at[description] = now
        current = float(bar["current"]) * _UNITS[bar["current_unit"]]
        total = float(bar["total"]) * _UNITS[bar["total_unit"]]
        self._frames.write(lambda stamp: Progress(**stamp, description=description, current=current, total=total))


class LogTail:
    """The last lines of the output, each cut to a readable length."""

    def __init__(self, lines: int = 400) -> None:
        self._size = lines
        self._lines: list[str] = []

    def add(self, text: str) -> None:
        """Add a line."""
        self._lines.append(text[:2000])
        if len(self._lines) >= 2 * self._size:
            del self._lines[: self._size]

    def lines(self, count: int) -> tuple[str, ...]:
        """Return the last `count` lines."""
        return tuple(self._lines[-min(count, self._size) :])
