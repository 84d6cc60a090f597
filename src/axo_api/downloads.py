"""A file as an answer: whole or in part, its refusals in the envelope of all others."""

import asyncio
import os
from typing import Any

from fastapi.responses import FileResponse
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from axo_api.answers import refused_with
from axo_api.errors import ApiError, BadRequest, NotFound, UnsatisfiableRange

_BYTES = {"schema": {"type": "string", "format": "binary"}}
RANGE: dict[str, Any] = {
    "parameters": [
        {
            "name": "Range",
            "in": "header",
            "required": False,
            "description": "Only these bytes, as `bytes={first}-{last}`.",
            "schema": {"type": "string"},
        }
    ]
}
"""What a download's `openapi_extra` is."""


def download_answers(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """Return what the `responses` of a download of these types are."""
    whole = dict.fromkeys(media_types, _BYTES)
    return {
        200: {"description": "The file.", "content": whole},
        206: {"description": "The bytes that were asked for.", "content": {**whole, "multipart/byteranges": _BYTES}},
        **refused_with(400, 416),
    }


class Removed(NotFound):
    """The file was removed at this very moment."""

    def __init__(self) -> None:
        super().__init__("The file was removed at this very moment.")


class Download(FileResponse):
    """Sends a file. Raises `Removed` when it is gone, and `BadRequest` or `UnsatisfiableRange` for its `Range`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_or_refuse(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                raise _refusal(message)
            await send(message)

        try:
            self.stat_result = await asyncio.to_thread(os.stat, self.path)
        except FileNotFoundError:
            raise Removed from None
        self.set_stat_headers(self.stat_result)
        await super().__call__(scope, receive, send_or_refuse)


def _refusal(message: Message) -> ApiError:
    if message["status"] == UnsatisfiableRange.status:
        size = Headers(raw=message["headers"])["content-range"].rpartition("/")[2]
        return UnsatisfiableRange(int(size))
    return BadRequest("Range: give bytes as `bytes={first}-{last}`, both of them counted from 0.", param="Range")
