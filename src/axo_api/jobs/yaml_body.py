"""Takes a whole Axolotl config as the body itself: `Content-Type: application/yaml`, the rest of the spec in the query.

A route says so with `openapi_extra=YAML_BODY`. The body becomes `{"config": …}`, and goes on as any JSON spec does.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
from fastapi import Request, Response
from starlette.types import Message

from axo_api.errors import Invalid
from axo_api.json_body import TakesJson
from axo_contracts.config_text import read_config
from axo_contracts.plain_data import plain

YAML = frozenset({"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"})
IN_QUERY = {
    "name": ("A name for people, of a config that is sent as YAML.", {"type": "string"}),
    "priority": ("Its priority, likewise.", {"type": "integer"}),
    "gpus": ("`resources.gpus`, likewise: a number, or auto.", {"anyOf": [{"type": "integer"}, {"const": "auto"}]}),
}
YAML_BODY: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/yaml": {
                "schema": {"type": "string", "description": "A whole Axolotl config; GET /v1/schema says of what."}
            }
        }
    },
    "parameters": [
        {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
        for name, (description, schema) in IN_QUERY.items()
    ],
}


class TakesYaml(TakesJson):
    """A route that takes YAML where its OpenAPI says so."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, which sees JSON only."""
        handle = super().get_route_handler()
        if self.openapi_extra is not YAML_BODY:
            return handle

        async def handle_either(request: Request) -> Response:
            media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            return await handle(await _as_json(request) if media_type in YAML else request)

        return handle_either


async def _as_json(request: Request) -> Request:
    body = await request.body()
    try:
        config = await asyncio.to_thread(_read, body)
        content = msgspec.json.encode({"config": config} | _beside(request))
    except ValueError as error:
        raise Invalid(f"config: {error}.", param="config") from error
    headers = [(name, value) for name, value in request.scope["headers"] if name not in _REPLACED]
    headers += [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    return Request(dict(request.scope) | {"headers": headers, "query_string": b""}, receive)


def _read(body: bytes) -> dict[str, Any]:
    return plain(read_config(body.decode()))


_REPLACED = frozenset({b"content-type", b"content-length"})


def _beside(request: Request) -> dict[str, Any]:
    """Return the rest of the spec; a field that does not exist is refused as in JSON."""
    said: dict[str, Any] = dict(request.query_params)
    gpus = said.pop("gpus", None)
    return said if gpus is None else said | {"resources": {"gpus": gpus}}
