"""What stands between a client and a service, and is run in a thread of its own."""

import asyncio
import threading
from abc import ABC, abstractmethod
from urllib.parse import urlsplit


class Proxy(ABC):
    """Listens on `url`. A subclass says what becomes of each connection."""

    def __init__(self, service_url: str) -> None:
        self._port = urlsplit(service_url).port
        self._is_listening = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        assert self._is_listening.wait(30)

    def close(self) -> None:
        """Listen no more."""
        self._loop.call_soon_threadsafe(self._closed.set)
        self._thread.join()

    @abstractmethod
    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a new connection to the service."""
        return await asyncio.open_connection("127.0.0.1", self._port)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._closed = asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._is_listening.set()
        await self._closed.wait()
        server.close()
