"""A small real HTTP server that gives the API's answers, and drops connections when it is told to.

With `is_live` a job's stream stays open, and sends what is appended to the journal, until that ends.
"""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from itertools import count
from typing import Any

from tests.loopback_server import LoopbackServer, Quiet, running

from axo_contracts.frames import EVENT_NAMES, type_of

Axo = Callable[..., subprocess.CompletedProcess[str]]
"""Runs one `axo` command against the service, to its end."""

NOT_FOUND = {"code": "not_found", "message": "There is no such job.", "param": None, "type": "invalid_request_error"}


@dataclass
class Service:
    """What the server answers from, and what it was asked."""

    jobs: list[dict[str, Any]] = field(default_factory=list)
    journal: list[bytes] = field(default_factory=list)
    moves: list[bytes] = field(default_factory=list)
    events_before_a_drop: int | None = None
    busy_answers: int = 0
    is_live: bool = False
    plan: dict[str, Any] = field(default_factory=dict)
    models: list[dict[str, Any]] = field(default_factory=list)
    log: str = "one\ntwo\n"
    answers: dict[str, Any] = field(default_factory=dict)
    refusal: tuple[int, dict[str, Any]] | None = None
    posted: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    uploads: list[bytes] = field(default_factory=list)
    resumed_from: list[int] = field(default_factory=list)
    watched: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(service: Service) -> Iterator[Service]:
    """Serve on a free port of the loopback interface until the end of the block."""

    class Handler(_Answers):
        state = service

    with running(LoopbackServer(Handler)) as server:
        service.url = server.url
        yield service


class _Answers(Quiet, BaseHTTPRequestHandler):
    state: Service

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/v1/stream":
            self._stream_moves()
        elif path.endswith("/stream"):
            self._stream()
        elif path.endswith("/logs"):
            self._send(200, self.state.log.encode(), "text/plain; charset=utf-8")
        elif path in self.state.answers:
            answer = self.state.answers[path]
            if isinstance(answer, str):
                self._send(200, answer.encode(), "text/plain; charset=utf-8")
            else:
                self._json(200, answer)
        elif path == "/v1/jobs":
            jobs = self.state.jobs
            self._json(200, {"object": "list", "data": jobs, "has_more": False, "first_id": None, "last_id": None})
        elif path == "/v1/models":
            self._json(200, {"object": "list", "data": self.state.models})
        elif found := [job for job in self.state.jobs if path == f"/v1/jobs/{job['id']}"]:
            self._json(200, found[0])
        else:
            self._json(404, {"error": NOT_FOUND})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.state.refusal:
            status, error = self.state.refusal
            self._json(status, {"error": error})
        elif self.path == "/v1/jobs/plan":
            self.state.posted.append((self.path, dict(self.headers), json.loads(body)))
            self._json(200, self.state.plan)
        elif self.path == "/v1/files":
            self.state.uploads.append(body)
            number = len(self.state.uploads)
            self._json(201, {"id": f"file-{number:026d}", "object": "file", "bytes": len(body), "rows": 1})
        else:
            self.state.posted.append((self.path, dict(self.headers), json.loads(body) if body else None))
            self._json(201, self.state.jobs[0])

    def _stream(self) -> None:
        """Send the journal from the event behind Last-Event-ID on; here an event's id is its number."""
        start = int(self.headers.get("Last-Event-ID", 0))
        if start and self.state.busy_answers:
            self.state.busy_answers -= 1
            self._json(503, {"error": {"message": "The journal is away."}})
            return
        self.state.resumed_from.append(start)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        stop = None if self.state.events_before_a_drop is None else start + self.state.events_before_a_drop
        types = {"log", "end"} if self.path.endswith("/logs/stream") else set(EVENT_NAMES)
        for number, line in enumerate(self._lines(start, stop), start + 1):
            if type_of(line) not in types:
                continue
            event = b"id: %d\nevent: %b\ndata: %b\n\n" % (number, type_of(line).encode(), line)
            self.wfile.write(b": ping\n\n" + event)
        if stop is not None and stop < len(self.state.journal):
            self.wfile.write(b"id: 999\nevent: log\ndata: {half of an ev")
        self.close_connection = True

    def _lines(self, start: int, stop: int | None) -> Iterator[bytes]:
        for number in count(start):
            while self.state.is_live and number == len(self.state.journal):
                time.sleep(0.01)
            if number == stop or number == len(self.state.journal):
                return
            yield self.state.journal[number]
            if type_of(self.state.journal[number]) == "end":
                return

    def _stream_moves(self) -> None:
        """Say how far the record is, then one move behind Last-Event-ID, and drop the connection."""
        last_id = self.headers.get("Last-Event-ID")
        self.state.watched.append((self.path.partition("?")[2], last_id))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        start = int(last_id or 0)
        self.wfile.write(b"id: %d\n\n: ping\n\n" % start)
        for move in self.state.moves[start : start + 1] if last_id else ():
            self.wfile.write(b"id: %d\nevent: axo.job\ndata: %b\n\n" % (start + 1, move))
        self.close_connection = True

    def _json(self, status: int, body: Any) -> None:
        self._send(status, json.dumps(body).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
