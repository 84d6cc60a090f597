"""The way from one program to Redis, which a test may cut, clog, or have lose what it carries."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

_READ_BYTES = 256 * 1024


class Link:
    """Passes on what comes to the unix socket `path` to the one at `target`, in a thread of its own."""

    def __init__(self, path: Path, target: Path) -> None:
        self.url = f"unix://{path}"
        self._path, self._target = path, target
        self._is_cut = False
        self._held_at: bytes | None = None
        self._lost_at: bytes | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.caught = threading.Event()
        self._is_listening = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="link", daemon=True)
        self._thread.start()
        assert self._is_listening.wait(10)

    def cut(self) -> None:
        """Break every connection, and let none be made."""
        self._is_cut = True
        self._loop.call_soon_threadsafe(self._break_all)

    def clog(self) -> None:
        """Let every connection stand, and nothing come through."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def mend(self) -> None:
        """Let everything through again."""
        self._is_cut = False
        self._held_at = self._lost_at = None
        self.caught.clear()
        self._loop.call_soon_threadsafe(self._open.set)

    def hold_at(self, word: bytes) -> None:
        """Let nothing through from the first request on that has `word` in it; `caught` says when that was."""
        self._held_at = word

    def lose_reply_to(self, word: bytes) -> None:
        """Break the connection once, when the reply comes to a request that has `word` in it; `caught` is set."""
        self._lost_at = word

    def close(self) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._closed.set)
        self._thread.join()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._closed, self._open = asyncio.Event(), asyncio.Event()
        self._open.set()
        async with await asyncio.start_unix_server(self._serve, self._path):
            self._is_listening.set()
            await self._closed.wait()
            self._open.set()
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.close()
            return
        try:
            back, forth = await asyncio.open_unix_connection(self._target)
        except OSError:
            writer.close()
            return
        connection = {writer, forth}
        self._writers |= connection
        is_to_be_lost = False

        def on_request(data: bytes) -> bool:
            nonlocal is_to_be_lost
            if self._held_at is not None and self._held_at in data:
                self._open.clear()
                self.caught.set()
            if self._lost_at is not None and self._lost_at in data:
                self._lost_at = None
                is_to_be_lost = True
            return True

        def on_reply(data: bytes) -> bool:
            if is_to_be_lost:
                self.caught.set()
            return not is_to_be_lost

        await asyncio.gather(self._pass(reader, forth, on_request), self._pass(back, writer, on_reply))
        self._writers -= connection

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_to_pass: Callable[[bytes], bool]
    ) -> None:
        try:
            while (data := await reader.read(_READ_BYTES)) and is_to_pass(data):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    def _break_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
