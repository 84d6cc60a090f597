"""The log as plain text, as a terminal would have shown it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from axo_api.journals.reading import prefix_of, read, start_of_tail
from axo_contracts.frames import Log

READ_BYTES = 256 * 1024

_LOG = prefix_of("log")
_decode = msgspec.json.Decoder(Log).decode


async def log_text(journal: Path, tail: int | None) -> AsyncIterator[bytes]:
    """Yield the text of all log lines that the journal has now, or of its newest `tail`, in bounded memory."""
    end = await asyncio.to_thread(start_of_tail, journal, 0, "log")
    position = 0 if tail is None else await asyncio.to_thread(start_of_tail, journal, tail, "log")
    while position < end:
        text, position = await asyncio.to_thread(_read_text, journal, position, end)
        if text:
            yield text


def _read_text(journal: Path, start: int, end: int) -> tuple[bytes, int]:
    lines = read(journal, start, min(READ_BYTES, end - start))
    text = "".join(_as_text(_decode(line)) for line in lines.splitlines() if line.startswith(_LOG))
    return text.encode(errors="replace"), start + len(lines)


def _as_text(log: Log) -> str:
    mark = "[worker] " if log.source == "worker" else ""
    cut = " … (cut)" if log.truncated else ""
    return f"{mark}{log.text}{cut}\n"
