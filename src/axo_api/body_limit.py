"""A bound on what is read of a request: a body is read whole into memory, except where it is streamed to disk."""

import re

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 1024 * 1024  # many times what the largest spec needs
STREAMED = re.compile(r"/v1/files|/v1/files/uploads/[^/]+|/v1/uploads/[^/]+/parts")


class BodyLimit:
    """ASGI middleware: whoever reads a body gets no more than `MOST_BYTES` of it, and the client a 413."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or STREAMED.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        left = MOST_BYTES

        async def receive_bounded() -> Message:
            nonlocal left
            if int(announced) > MOST_BYTES:
                raise _too_large()
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise _too_large()
            return message

        await self._app(scope, receive_bounded, send)


def _too_large() -> HTTPException:
    sentence = "The body is over 1 MiB, which is more than any request needs; data goes to /v1/files."
    return HTTPException(413, sentence, headers={"Connection": "close"})
