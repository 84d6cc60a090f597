"""A journal's lines as server-sent events: the id is the offset behind the line, so following is reading from there."""

from dataclasses import dataclass, replace
from pathlib import Path

from axo_api.journals.reading import read_on

CHUNK_BYTES = 64 * 1024
MARK_BYTES = 1024 * 1024  # of lines that a filter leaves out, after which the follower is told how far it is


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some consecutive lines as events, ready to send."""

    data: bytes
    end: int  # the offset in the journal to go on from
    is_last: bool = False  # the job's `end` is among the lines
    is_newest: bool = False  # nothing was behind it when it was read


def read_chunk(path: Path, start: int, events: frozenset[str] | None) -> Chunk:
    """Read and encode the lines from offset `start` on, of the types in `events` only (None: of all types).

    Chunks end near multiples of `CHUNK_BYTES`, wherever they start, so that followers who are at different places
    soon ask for the same chunks. Raises `OffsetError` and `OSError`.
    """
    boundary = ((start + CHUNK_BYTES // 4) // CHUNK_BYTES + 1) * CHUNK_BYTES
    lines, is_newest = read_on(path, start, boundary - start)
    return replace(encode(lines, start, events), is_newest=is_newest)


def encode(lines: bytes, start: int, events: frozenset[str] | None) -> Chunk:
    """Encode whole lines, of which the first starts at offset `start`.

    Where lines are left out, an event without data gives a new id about every `MARK_BYTES`: browsers keep the id and
    dispatch nothing. The marks depend on the offsets only, so whoever resumes gets the same bytes.
    """
    wanted = None if events is None else {name.encode() for name in events}
    parts: list[bytes] = []
    end = start
    for line in lines.split(b"\n")[:-1]:
        before, end = end, end + len(line) + 1
        of_type = line[9 : line.index(b'"', 9)]
        if wanted is None or of_type in wanted:
            parts.append(b"id: %d\nevent: %b\ndata: %b\n\n" % (end, of_type, line))
        elif of_type == b"end" or before // MARK_BYTES != end // MARK_BYTES:
            parts.append(b"id: %d\n\n" % end)
        if of_type == b"end":
            return Chunk(b"".join(parts), end, is_last=True)
    return Chunk(b"".join(parts), end)
