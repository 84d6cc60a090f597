"""Chunks of journals that several followers want: read once, encoded once, the same bytes for all of them."""

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from axo_api.journals.sse import Chunk, read_chunk

READERS = 4
KEPT_BYTES = 16 * 1024 * 1024


class _Key(NamedTuple):
    path: Path
    start: int
    events: frozenset[str] | None


class _Read(NamedTuple):
    chunk: Chunk
    version: int


class SharedChunks:
    """Reads chunks, and keeps the newest `KEPT_BYTES` of them for those who come a little later."""

    def __init__(self) -> None:
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="journal-reader")
        self._reads: dict[_Key, _Read] = {}
        self._under_way: dict[_Key, asyncio.Task[_Read]] = {}
        self._kept: deque[tuple[_Key, int]] = deque()
        self._kept_bytes = 0

    async def get(
        self, path: Path, start: int, events: frozenset[str] | None, version: int, *, is_fresh: bool = False
    ) -> tuple[Chunk, int]:
        """Return the chunk at offset `start`, empty when the journal ends there, and the version that it was read of.

        `version` is the journal's present one; a chunk that someone else asked for earlier may be of an older one.
        What `is_fresh` was written this moment: it is in memory, and read without the turn of another thread, which
        takes longer than the read. Raises what `read_chunk` raises.
        """
        key = _Key(path, start, events)
        if (read := self._reads.get(key)) is not None:
            return read
        if is_fresh:
            return self._keep(key, _Read(read_chunk(*key), version))
        reading = self._under_way.get(key)
        if reading is None:
            reading = asyncio.get_running_loop().create_task(self._read(key, version))
            self._under_way[key] = reading
        # A follower that leaves must not cancel what others wait for.
        return await asyncio.shield(reading)

    def close(self) -> None:
        """Take no more reads; those under way are finished."""
        self._readers.shutdown(wait=False)

    async def _read(self, key: _Key, version: int) -> _Read:
        try:
            chunk = await asyncio.get_running_loop().run_in_executor(self._readers, read_chunk, *key)
        finally:
            del self._under_way[key]
        return self._keep(key, _Read(chunk, version))

    def _keep(self, key: _Key, read: _Read) -> _Read:
        """Keep what was read, unless it is nothing, for those who come a little later."""
        if read.chunk.end > key.start and key not in self._reads:
            self._reads[key] = read
            self._kept.append((key, len(read.chunk.data)))
            self._kept_bytes += len(read.chunk.data)
        while self._kept_bytes > KEPT_BYTES:
            oldest, oldest_size = self._kept.popleft()
            del self._reads[oldest]
            self._kept_bytes -= oldest_size
        return read
