"""A proxy whose every connection breaks after so many bytes of answers."""

import asyncio
import threading
from urllib.parse import urlsplit


class CuttingProxy:
    """Passes TCP on to a service. `passed` counts the bytes that came back, `cuts` the connections that broke."""

    def __init__(self, service_url: str, *, cut_after: int) -> None:
        self._port = urlsplit(service_url).port
        self._cut_after = cut_after
        self.passed = self.cuts = 0
        self._is_listening = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        assert self._is_listening.wait(30)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._closed.set)
        self._thread.join()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._closed = asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._is_listening.set()
        await self._closed.wait()
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_service, to_service = await asyncio.open_connection("127.0.0.1", self._port)
        asking = asyncio.create_task(self._pass(reader, to_service, None))
        try:
            await self._pass(from_service, writer, self._cut_after)
        finally:
            asking.cancel()
            writer.close()
            to_service.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None) -> None:
        left = most
        try:
            while data := await reader.read(64 * 1024):
                if left is not None:
                    data = data[:left]
                    left -= len(data)
                    self.passed += len(data)
                writer.write(data)
                await writer.drain()
                if left == 0:
                    self.cuts += 1
                    return
        except OSError:
            return
