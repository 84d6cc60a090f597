"""A server that speaks the HTTP of Discord's and Slack's messages, and keeps them; it fails as a test says."""

import json
import re
import threading
from collections import deque
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.loopback_server import LoopbackServer, Quiet


@dataclass(frozen=True, slots=True)
class Request:
    """What came: the parts of a multipart body by their names, or the one body as `body`."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    parts: dict[str, bytes]

    @property
    def json(self) -> Any:
        return json.loads(self.parts.get("payload_json") or self.parts["body"])


@dataclass(frozen=True, slots=True)
class Answer:
    """How one request is answered instead of well; not before `when` is set."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    when: threading.Event | None = None


class ChatServer(LoopbackServer):
    """Discord under /discord, Slack's API under /slack, hooks of Slack under /hook, and anything under /any."""

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.requests: list[Request] = []
        self.messages: dict[str, Any] = {}
        self.next_answers: deque[Answer] = deque()
        self._lock = threading.Lock()

    def of(self, method: str, path: str = "") -> list[Request]:
        return [one for one in self.requests if one.method == method and path in one.path]

    def answer(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            if self.next_answers:
                return self.next_answers.popleft()
            if request.path.startswith("/discord"):
                return self._discord(request)
            if request.path.startswith("/slack"):
                return self._slack(request)
            return Answer(200, {"Content-Type": "text/plain"}, "ok")

    def _discord(self, request: Request) -> Answer:
        if request.method == "POST":
            name = str(1000 + len(self.messages))
            self.messages[name] = request.json
            return Answer(200, body={"id": name})
        name = request.path.rsplit("/", 1)[1]
        if name not in self.messages:
            return Answer(404, body={"message": "Unknown Message", "code": 10008})
        self.messages[name] = request.json
        return Answer(200, body={"id": name})

    def _slack(self, request: Request) -> Answer:
        match request.path.rsplit("/", 1)[1]:
            case "chat.postMessage":
                name = f"17.{len(self.messages)}"
                self.messages[name] = request.json["text"]
                return Answer(200, body={"ok": True, "channel": "C1", "ts": name})
            case "chat.update" if request.json["ts"] not in self.messages:
                return Answer(200, body={"ok": False, "error": "message_not_found"})
            case "chat.update":
                self.messages[request.json["ts"]] = request.json["text"]
                return Answer(200, body={"ok": True, "channel": "C1", "ts": request.json["ts"]})
            case "files.getUploadURLExternal":
                return Answer(200, body={"ok": True, "upload_url": f"{self.url}/any/upload", "file_id": "F1"})
            case _:
                return Answer(200, body={"ok": True, "files": [{"id": "F1"}]})


class _Handler(Quiet, BaseHTTPRequestHandler):
    server: ChatServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.answer(
            Request(self.command, url.path, parse_qs(url.query), headers, _parts(headers, body))
        )
        while answer.when is not None and not answer.when.wait(0.01) and not self.server.ending.is_set():
            pass
        try:
            self._reply(answer)
        except OSError:
            self.close_connection = True  # whoever asked is gone

    do_PATCH = do_POST  # noqa: N815 (the standard library's name)

    def _reply(self, answer: Answer) -> None:
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())


def _parts(headers: dict[str, str], body: bytes) -> dict[str, bytes]:
    kind = headers.get("content-type", "")
    if not kind.startswith("multipart/"):
        return {"body": body}
    whole: Any = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    return {_name(part): part.get_payload(decode=True) for part in whole.get_payload()}


def _name(part: Message) -> str:
    found = re.search(r'name="([^"]*)"', part["Content-Disposition"])
    assert found
    return found[1]
