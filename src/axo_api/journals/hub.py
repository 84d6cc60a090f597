"""Who follows which journal, and waking them when it has grown."""

import asyncio
import math
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import anyio

from axo_api.journals.chunks import SharedChunks
from axo_api.journals.reading import OffsetError
from axo_contracts import storage_paths

CHECK_SECONDS = 0.5  # how late a follower may be told of lines that another process wrote
PACE_SECONDS = 50e-6  # for a follower, between two wakes: three times what one takes to be sent something


class _Watch:
    """A journal with followers. `version` is another each time that it may have grown.

    Behind the offset of `newest` there was nothing at the version beside it. No version comes twice: what was read for
    earlier followers, who have all left since, must not pass for what there is now.
    """

    _versions = count()

    def __init__(self, path: Path) -> None:
        self.path = path
        self.followers = 0
        self.version = next(self._versions)
        self.newest = (-1, self.version)
        self.size = 0
        self._grown = asyncio.Event()
        self._woken_at = -math.inf
        self._waking: asyncio.TimerHandle | None = None

    def wake_soon(self) -> None:
        """Let everybody look who waits at the end: at once, or some milliseconds after the last time where many do.

        A crowd is so sent several lines at a time, and leaves the event loop most of its time.
        """
        if self._waking is None:
            loop = asyncio.get_running_loop()
            due = self._woken_at + self.followers * PACE_SECONDS
            if loop.time() >= due:
                self.wake()
            else:
                self._waking = loop.call_at(due, self.wake)

    def wake(self) -> None:
        """Let everybody look at once."""
        if self._waking is not None:
            self._waking.cancel()
            self._waking = None
        self._woken_at = asyncio.get_running_loop().time()
        self.version = next(self._versions)
        self._grown.set()
        self._grown.clear()

    async def newer_than(self, version: int) -> None:
        """Return when the journal may have grown since `version`."""
        while self.version == version:
            await self._grown.wait()


class Hub:
    """Serves journals as server-sent events to any number of followers, on one event loop.

    A follower is a position in a journal and at most one chunk in its hand, so one that is slow, or far behind, costs
    the others nothing: it reads on from where it is. Those at the same place share one read, one encoding and the
    very bytes. Setting `closing` ends every stream at once; none begins any more.
    """

    def __init__(self, storage_root: Path) -> None:
        self._root = storage_root
        self._watches: dict[str, _Watch] = {}
        self._chunks = SharedChunks()
        self._clock: asyncio.Task[None] | None = None
        self.closing = anyio.Event()

    @property
    def followers(self) -> int:
        """How many streams are open."""
        return sum(watch.followers for watch in self._watches.values())

    def wake(self, job_id: str) -> None:
        """Say, on the hub's event loop, that a job's journal has grown. Cheap when nobody follows it."""
        if watch := self._watches.get(job_id):
            watch.wake_soon()

    async def follow(
        self, job_id: str, start: int, events: frozenset[str] | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Yield a job's journal from offset `start` on as server-sent events, many a chunk, and go on as it grows.

        `events` names the types to yield; None: all of them. Ends when it has come to the job's `end`, when the hub is
        closed, and when no line of the journal starts at the position, as when the job was deleted.
        """
        position = start
        is_fresh = False
        with self._watching(job_id) as watch:
            while not self.closing.is_set():
                if watch.newest == (position, watch.version):
                    await watch.newer_than(watch.version)
                    continue
                try:
                    chunk, version = await self._chunks.get(
                        watch.path, position, events, watch.version, is_fresh=is_fresh
                    )
                except OffsetError:
                    return
                if chunk.is_newest:
                    watch.newest = (chunk.end, version)
                if chunk.data:
                    yield chunk.data
                if chunk.is_last:
                    return
                position, is_fresh = chunk.end, chunk.is_newest

    def close(self) -> None:
        """End every stream, and read nothing more."""
        self.closing.set()
        self._chunks.close()

    @contextmanager
    def _watching(self, job_id: str) -> Iterator[_Watch]:
        path = self._root / storage_paths.journal(job_id)
        watch = self._watches.setdefault(job_id, _Watch(path))
        watch.followers += 1
        if self._clock is None or self._clock.done():
            self._clock = asyncio.get_running_loop().create_task(self._check_sizes())
        try:
            yield watch
        finally:
            watch.followers -= 1
            if not watch.followers:
                del self._watches[job_id]

    async def _check_sizes(self) -> None:
        """Wake the followers of journals that another process writes, as long as there are any followers."""
        while self._watches and not self.closing.is_set():
            watches = list(self._watches.values())
            sizes = await asyncio.to_thread(lambda paths: [*map(_size, paths)], [watch.path for watch in watches])
            for watch, size in zip(watches, sizes, strict=True):
                if size != watch.size:
                    watch.size = size
                    watch.wake_soon()
            with anyio.move_on_after(CHECK_SECONDS):
                await self.closing.wait()
        for watch in self._watches.values():
            watch.wake()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
