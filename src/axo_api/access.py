"""One line a request in the log, one count in the figures; every other line of the request carries its id, too."""

from time import perf_counter

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from axo_api.dependencies import Parts

log = structlog.get_logger("axo_api.access")

QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""What is asked every few seconds, for ever; it is logged at the level DEBUG."""


class AccessLog:
    """ASGI middleware: logs and counts each answer. Of a request, only its method, route and ids are written down."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        structlog.contextvars.bind_contextvars(request_id=scope["axo.request_id"])
        answer = _Answer(scope, send)
        parts: Parts = scope["app"].state.parts
        parent = Headers(scope=scope).get("traceparent")
        try:
            with parts.tracer.span(scope["method"], {"url.path": scope["path"]}, parent=parent):
                await self._app(scope, receive, answer.send)
        finally:
            answer.record()


class _Answer:
    """What is known of one answer. One that broke before its first byte becomes a 500 outside of our middleware."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._began = perf_counter()
        self._status = 500
        self._first_byte_seconds: float | None = None

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._first_byte_seconds = perf_counter() - self._began
        await self._send(message)

    def record(self) -> None:
        """Log and count the answer, which has come to its end."""
        seconds = perf_counter() - self._began
        parts: Parts = self._scope["app"].state.parts
        method, route = self._scope["method"], _route_of(self._scope)
        first_byte = seconds if self._first_byte_seconds is None else self._first_byte_seconds
        parts.instruments.answered(method, route, self._status, first_byte)
        write = log.debug if route in QUIET else log.info
        ids = {name: value for name, value in self._scope.get("path_params", {}).items() if name == "job_id"}
        write("request", method=method, route=route, status=self._status, ms=round(seconds * 1000, 1), **ids)


def _route_of(scope: Scope) -> str | None:
    """Return the template of the route that answered, as `/v1/jobs/{job_id}`; None: there was none."""
    route = scope.get("route")
    return None if route is None else str(route.path)
