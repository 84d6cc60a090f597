"""A request's body on its way to disk: a piece is written while the next one arrives."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

RAW_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""What OpenAPI says of an endpoint whose body is bytes."""

PIECE_BYTES = 512 * 1024
"""What is handed to a thread at once: a hand-over costs as much as writing some 64 KiB."""


async def pour(body: AsyncIterator[bytes], write: Callable[[bytes], object]) -> None:
    """Call `write`, in a thread, with all of `body`, in pieces and in order; also with what came before it broke off.

    Raises what `body` and `write` raise.
    """
    waiting: list[bytes] = []
    size = 0
    writing = asyncio.create_task(_write([], write))
    try:
        async for data in body:
            waiting.append(data)
            size += len(data)
            if size >= PIECE_BYTES:
                await writing
                writing = asyncio.create_task(_write(waiting, write))
                waiting, size = [], 0
    finally:
        await writing
        await _write(waiting, write)


async def _write(pieces: list[bytes], write: Callable[[bytes], object]) -> None:
    if pieces:
        await asyncio.to_thread(_write_all, pieces, write)


def _write_all(pieces: list[bytes], write: Callable[[bytes], object]) -> None:
    for piece in pieces:
        write(piece)
