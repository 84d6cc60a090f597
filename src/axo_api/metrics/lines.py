"""The lines of metrics: which of a journal's are kept, and reading them back."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from axo_api.journals.reading import blocks_backwards, prefix_of, read, whole_end
from axo_contracts.frames import Metric

READ_BYTES = 256 * 1024
STEPS_END = 2**31
"""No step is this high: what says so is left in the journal."""

_METRIC = prefix_of("metric")
decode_metric = msgspec.json.Decoder(Metric).decode


def is_kept(frame: Metric) -> bool:
    """Return whether a metric can be a point."""
    return 0 <= frame.step < STEPS_END


def frames_between(path: Path, start: int, end: int) -> Iterator[list[Metric]]:
    """Yield the frames from one offset to another, some at a time. Raises `msgspec.DecodeError`."""
    while start < end:
        lines = read(path, start, min(READ_BYTES, end - start))
        if not lines:
            return
        start += len(lines)
        yield [decode_metric(line) for line in lines.splitlines()]


def kept_behind(journal: Path, newest: tuple[int, int]) -> Iterator[Sequence[tuple[bytes, Metric]]]:
    """Yield a journal's metrics behind `newest`, an attempt and a number in it: lines with their frames."""
    position = _start_behind(journal, newest)
    while lines := read(journal, position, READ_BYTES):
        position += len(lines)
        said = ((line, _frame(line)) for line in lines.splitlines() if line.startswith(_METRIC))
        found = [(line, frame) for line, frame in said if frame and (frame.attempt, frame.seq) > newest]
        if found:
            yield found


def _start_behind(journal: Path, newest: tuple[int, int]) -> int:
    """Return an offset in front of all metrics that came after `newest`, as near to them as is quickly found."""
    if newest == (0, 0) or not journal.exists():
        return 0
    with journal.open("rb") as file:
        for offset, block in blocks_backwards(file.fileno(), whole_end(file.fileno())):
            said = (_frame(line) for line in block.splitlines() if line.startswith(_METRIC))
            if any(frame and (frame.attempt, frame.seq) <= newest for frame in said):
                return offset
    return 0


def _frame(line: bytes) -> Metric | None:
    try:
        frame = decode_metric(line)
    except msgspec.DecodeError:
        return None
    return frame if is_kept(frame) else None
