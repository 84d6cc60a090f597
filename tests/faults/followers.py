"""Followers of a job's stream, as clients are: they reconnect with the last id that they saw."""

import asyncio
import threading
from types import TracebackType
from typing import Self

import httpx
from tests.stack.client import wait_for

_RECONNECT_SECONDS = 0.1


class Followers:
    """`count` followers of one job, in a thread of their own between entering and leaving a `with` block."""

    def __init__(self, url: str, job_id: str, count: int) -> None:
        self._address = f"{url}/v1/jobs/{job_id}/stream"
        self.lines: list[list[str]] = [[] for _ in range(count)]
        self.connections = [0] * count
        self._ended = [False] * count
        self._thread = threading.Thread(target=lambda: asyncio.run(self._follow_all()), name="followers", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = [True] * len(self._ended)
        self._thread.join(30)

    def wait_until_all_read(self, count: int, seconds: float = 30) -> None:
        """Return when each of them has read so many lines."""
        wait_for(lambda: all(len(lines) >= count for lines in self.lines), lambda: f"{count} lines each", seconds)

    def wait_until_all_ended(self, seconds: float = 60) -> None:
        """Return when each of them has come to the end of the job."""
        wait_for(lambda: all(self._ended), lambda: f"{self._ended.count(False)} followers to end", seconds)

    async def _follow_all(self) -> None:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(limits=limits, timeout=httpx.Timeout(10, read=None)) as http:
            await asyncio.gather(*(self._follow(http, number) for number in range(len(self.lines))))

    async def _follow(self, http: httpx.AsyncClient, number: int) -> None:
        newest = "0"
        while not self._ended[number]:
            try:
                async with http.stream("GET", self._address, headers={"Last-Event-ID": newest}) as answer:
                    answer.raise_for_status()
                    self.connections[number] += 1
                    async for line in answer.aiter_lines():
                        if line.startswith("id: "):
                            came = line[4:]
                        elif line.startswith("data: "):
                            self.lines[number].append(line[6:])
                            newest = came
                            self._ended[number] |= line.startswith('data: {"type":"end"')
                        if self._ended[number]:
                            break
            except httpx.HTTPError:
                await asyncio.sleep(_RECONNECT_SECONDS)
