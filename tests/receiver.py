"""Somebody who is told by webhooks: an HTTP server that answers as a test says, and keeps what came."""

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import msgspec
from tests.loopback_server import LoopbackServer, Quiet
from tests.waiting import wait_for


@dataclass(frozen=True, slots=True)
class Reply:
    """How a request is answered; not before `when` is set."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"thanks"
    when: threading.Event | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        decoded: dict[str, Any] = msgspec.json.decode(self.body)
        return decoded

    @property
    def type(self) -> str:
        return str(self.event["type"])


class Receiver(LoopbackServer):
    """Answers 200 unless `answer` says otherwise."""

    def __init__(self, certificate: Path | None = None) -> None:
        super().__init__(_Handler)
        self.url += "/hook"
        self.received: list[Received] = []
        self.answer: Callable[[Received], Reply] = lambda _: Reply()
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def wait_for(self, count: int, seconds: float = 20) -> list[Received]:
        """Return what came, once it is `count` requests."""
        return wait_for(
            lambda: self.received if len(self.received) >= count else None, f"{count} requests, {self.types()}", seconds
        )

    def types(self) -> list[str]:
        """Return the types of the events that came."""
        return [one.type for one in self.received]


class _Handler(Quiet, BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        received = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        self.server.received.append(received)
        reply = self.server.answer(received)
        while reply.when is not None and not reply.when.wait(0.01) and not self.server.ending.is_set():
            pass
        try:
            self._reply(reply)
        except OSError:
            self.close_connection = True  # whoever asked is gone

    def _reply(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)
