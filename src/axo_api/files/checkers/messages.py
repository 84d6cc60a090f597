"""What is said between the control plane and a process that checks: a JSON text a line, over a socket."""

import msgspec

from axo_api.files.reading.unpack import UnpackLimits
from axo_api.files.report import Report
from axo_contracts.wrappings import Wrapping


class Begin(msgspec.Struct, frozen=True, tag=True):
    """Read a file from its start as it grows; of what is there, nothing counts that was not said."""

    check: int
    path: str
    wrapping: Wrapping
    limits: UnpackLimits


class Grown(msgspec.Struct, frozen=True, tag=True):
    """So many bytes are there."""

    check: int
    size: int


class Whole(msgspec.Struct, frozen=True, tag=True):
    """So many bytes are there, and no more come. The hashes of the rows go to a file of that name."""

    check: int
    size: int
    hashes: str


class Abandon(msgspec.Struct, frozen=True, tag=True):
    """Nobody wants to know any more."""

    check: int


class Checked(msgspec.Struct, frozen=True, tag=True):
    """The file was read through, and the hashes of its rows are on disk, if it has rows."""

    check: int
    report: Report


class Useless(msgspec.Struct, frozen=True, tag=True):
    """Nothing can be made of the file, for a `reason` that the client is told."""

    check: int
    reason: str


class Broken(msgspec.Struct, frozen=True, tag=True):
    """The check itself went wrong; `errno` is there when the system refused something."""

    check: int
    error: str
    errno: int | None


Order = Begin | Grown | Whole | Abandon
Answer = Checked | Useless | Broken


def as_line(message: Order | Answer) -> bytes:
    """Return a message as it is sent."""
    return msgspec.json.encode(message) + b"\n"
