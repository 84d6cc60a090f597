"""A proxy that takes each request to the service once without giving back the answer."""

import asyncio

from tests.proxy import Proxy

_END = b"\r\n\r\n"


class LossyProxy(Proxy):
    """Passes HTTP on to a service. The answer to the first try of each create is lost, and the connection with it."""

    def __init__(self, service_url: str) -> None:
        self.dropped = 0
        super().__init__(service_url)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await _message(reader)
                answer = await self._ask(request)
                head = request.partition(_END)[0].lower()
                if head.startswith(b"post /v1/fine_tuning/jobs ") and b"x-stainless-retry-count: 0" in head:
                    self.dropped += 1
                    return
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    async def _ask(self, request: bytes) -> bytes:
        reader, writer = await self._connect()
        writer.write(request)
        await writer.drain()
        answer = await _message(reader)
        writer.close()
        return answer


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(_END)
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    body = await reader.readexactly(int(lengths[0].partition(b":")[2])) if lengths else b""
    return head + body
