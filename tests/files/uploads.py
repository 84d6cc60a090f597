"""Uploads as clients send them, and what is on the service's disk."""

import json
import socket
from typing import Any

import httpx
from tests.api_process import ApiProcess

CHAT = {"messages": [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}]}
PREFERENCE = {
    "messages": [{"role": "user", "content": "2 + 2?"}],
    "chosen": {"role": "assistant", "content": "4"},
    "rejected": {"role": "assistant", "content": "5"},
}
BOUNDARY = "a-boundary"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def rows(*values: Any) -> bytes:
    """Return values as JSON lines."""
    return b"".join(json.dumps(value, ensure_ascii=False).encode() + b"\n" for value in values)


def upload(api: ApiProcess, content: bytes, name: str = "rows.jsonl", purpose: str = "fine-tune") -> httpx.Response:
    """Upload a file."""
    return api.http.post("/v1/files", files={"file": (name, content)}, data={"purpose": purpose}, timeout=60)


def uploaded(api: ApiProcess, content: bytes) -> str:
    """Upload a file that is fine, and return its id."""
    answer = upload(api, content)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def post(
    api: ApiProcess, body: bytes, content_type: str = f"multipart/form-data; boundary={BOUNDARY}"
) -> httpx.Response:
    """Post a body as it is."""
    return api.http.post("/v1/files", content=body, headers={"Content-Type": content_type})


def part(disposition: str, content: bytes) -> bytes:
    """Return one part of a multipart body."""
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + content + b"\r\n"


def last() -> bytes:
    """Return what ends a multipart body."""
    return f"--{BOUNDARY}--\r\n".encode()


def begin_upload(api: ApiProcess, content: bytes) -> socket.socket:
    """Send the first part of an upload that promises far more, and return its connection."""
    connection = socket.create_connection(("127.0.0.1", api.port))
    connection.sendall(
        f"POST /v1/files HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000000\r\n"
        f"Content-Type: {MULTIPART}\r\n\r\n".encode()
    )
    connection.sendall(part('name="purpose"', b"fine-tune"))
    connection.sendall(part('name="file"; filename="rows.jsonl"', content).removesuffix(b"\r\n"))
    return connection


def on_disk(api: ApiProcess) -> set[str]:
    """Return the names of all files, whole or not, that the service keeps for uploads; not the hashes beside them."""
    kept = (path for path in (api.storage_root / "files").rglob("*") if path.is_file())
    return {path.name for path in kept if path.suffix != ".rows"}
