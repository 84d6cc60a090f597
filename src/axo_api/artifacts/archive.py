"""Files as one tar that is made while it is sent: nothing of it is on disk, and little in memory."""

import logging
import tarfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from axo_api.opening import open_regular

log = logging.getLogger(__name__)

CHUNK_BYTES = 1024 * 1024
END = bytes(2 * tarfile.BLOCKSIZE)


class Member(NamedTuple):
    """A file on its way into an archive: its name there, where it lies below a root, its size in bytes, its time."""

    name: str
    root: Path
    path: Path
    bytes: int
    modified_at: datetime


class _Changed(Exception):
    """A file is no longer what the archive has announced."""


class Archive(StreamingResponse):
    """Sends files as a tar. When one is gone or shorter by then, the answer is broken off, which clients notice."""

    def __init__(self, members: Sequence[Member], filename: str) -> None:
        headers = {
            "Content-Length": str(_size(members)),
            "Content-Disposition": f'attachment; filename="{filename}"',
        }
        super().__init__(_blocks(members), media_type="application/x-tar", headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except _Changed as change:
            log.warning("an archive is broken off: %s", change)  # the server closes an answer that is not complete


def _size(members: Sequence[Member]) -> int:
    return sum(len(_head(member)) + member.bytes + _padding(member) for member in members) + len(END)


def _blocks(members: Sequence[Member]) -> Iterator[bytes]:
    for member in members:
        yield _head(member)
        yield from _content(member)
        yield bytes(_padding(member))
    yield END


def _head(member: Member) -> bytes:
    info = tarfile.TarInfo(member.name)
    info.size, info.mtime, info.mode = member.bytes, int(member.modified_at.timestamp()), 0o644
    return info.tobuf(tarfile.PAX_FORMAT)


def _padding(member: Member) -> int:
    return -member.bytes % tarfile.BLOCKSIZE


def _content(member: Member) -> Iterator[bytes]:
    """Yield as many bytes as were announced. Raises `_Changed`."""
    try:
        with open_regular(member.path, below=member.root) as file:
            left = member.bytes
            while left:
                chunk = file.read(min(CHUNK_BYTES, left))
                if not chunk:
                    raise _Changed(f"{member.path} is shorter than it was")
                left -= len(chunk)
                yield chunk
    except OSError as error:
        raise _Changed(str(error)) from error
