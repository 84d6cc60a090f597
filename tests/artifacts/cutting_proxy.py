"""A proxy whose every connection breaks after so many bytes of answers."""

import asyncio

from tests.proxy import Proxy


class CuttingProxy(Proxy):
    """Passes TCP on to a service. `passed` counts the bytes that came back, `cuts` the connections that broke."""

    def __init__(self, service_url: str, *, cut_after: int) -> None:
        self._cut_after = cut_after
        self.passed = self.cuts = 0
        super().__init__(service_url)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_service, to_service = await self._connect()
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
