"""What a trainer, a model or a service says, as a person's terminal may have it: it could order the terminal about."""

import re
import sys
from collections.abc import Iterable, Iterator
from typing import TextIO

# ECMA-48, section 5: a control sequence, a control string and a plain escape, each in 7 bits or in 8.
_STRING = r"(?:\x1b[PX\]^_]|[\x90\x98\x9d-\x9f])[^\x00-\x1f\x7f-\x9f]*"
_ORDER = re.compile(
    r"(?P<colour>\x1b\[[\d;:]*m)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    rf"|{_STRING}(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]",
    re.ASCII,
)
_BEGUN = re.compile(rf"(?:(?:\x1b\[|\x9b)[0-?]*[ -/]*|{_STRING}\x1b?|\x1b[ -/]*)\Z")


def harmless(text: str) -> str:
    """Return a text without what a terminal obeys; colours, tabs and the ends of lines stay."""
    return _ORDER.sub(lambda order: order["colour"] or "", text)


def shown(text: str, stream: TextIO | None = None) -> str:
    """Return what is to be written of a text to `stream` (stdout): all of it, unless a terminal reads."""
    return harmless(text) if (stream or sys.stdout).isatty() else text


def shown_pieces(pieces: Iterator[str]) -> Iterator[str]:
    """Return what is to be written to stdout of a text that comes in pieces; see `shown`."""
    return harmless_pieces(pieces) if sys.stdout.isatty() else pieces


def harmless_pieces(pieces: Iterable[str]) -> Iterator[str]:
    """Yield each piece, but for an order at its end that is not whole yet: that waits for the next piece."""
    held = ""
    for piece in pieces:
        text = held + piece
        begun = _BEGUN.search(text)
        end = begun.start() if begun else len(text)
        held = text[end:]
        yield harmless(text[:end])
    yield harmless(held)
