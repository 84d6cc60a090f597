"""The service's HTTP API as the commands use it: JSON in and out, and every failure a `CliError` of one sentence."""

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx

from axo_cli.errors import Refused, Unreachable

READ_SECONDS = 30.0
TIMEOUT = httpx.Timeout(READ_SECONDS, connect=5.0)
TRIES = 4  # of a call that may safely be made again


def wait_after(tries: int) -> None:
    """Leave a service that could not be reached some time: 0.5 s after the first try, twice as long after each."""
    time.sleep(0.25 * 2**tries)


class Api:
    """One service at `url`. `AXO_API_KEY`, where it is set, is sent as a bearer token."""

    def __init__(self, url: str) -> None:
        key = os.environ.get("AXO_API_KEY")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.url = url.rstrip("/")
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=TIMEOUT, follow_redirects=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **params: Any) -> Any:
        """Return the JSON at `path`."""
        return self._send("GET", path, params=_given(params)).json()

    def text(self, path: str, **params: Any) -> str:
        """Return the text at `path`."""
        return self._send("GET", path, params=_given(params)).text

    def content(self, path: str) -> bytes:
        """Return what is at `path`, byte for byte."""
        return self._send("GET", path).content

    def post(self, path: str, body: Any = None, *, seconds: float = READ_SECONDS, key: str | None = None) -> Any:
        """Post `body` and return the answer's JSON, which may take so many `seconds`.

        A lost answer is asked for again under one idempotency key: `key`, or one of its own.
        """
        timeout = httpx.Timeout(seconds, connect=TIMEOUT.connect)
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        for tried in range(1, TRIES):
            try:
                return self._send("POST", path, json=body, headers=headers, timeout=timeout).json()
            except Unreachable:
                wait_after(tried)
        return self._send("POST", path, json=body, headers=headers, timeout=timeout).json()

    def put_json(self, path: str, body: Any) -> Any:
        """Put `body` and return the answer's JSON."""
        return self._send("PUT", path, json=body).json()

    def put(self, path: str, content: Iterator[bytes], size: int, headers: dict[str, str]) -> Any:
        """Put `size` bytes and return the answer's JSON."""
        headers = {**headers, "Content-Length": str(size)}
        return self._send("PUT", path, content=content, headers=headers, timeout=None).json()

    def post_once(self, path: str, body: Any) -> Any:
        """Post `body` and return the answer's JSON, for what must not be made twice. A lost answer is a failure."""
        return self._send("POST", path, json=body).json()

    def delete(self, path: str) -> Any:
        """Delete what is at `path` and return the answer's JSON."""
        return self._send("DELETE", path).json()

    def upload(self, path: Path, name: str | None = None) -> Any:
        """Upload a file of training rows in one request, under its own name or another, and return its JSON."""
        with path.open("rb") as content:
            files = {"file": (name or path.name, content, "application/jsonl")}
            return self._send("POST", "/v1/files", data={"purpose": "fine-tune"}, files=files, timeout=None).json()

    @contextmanager
    def stream(self, path: str, headers: dict[str, str], read_timeout: float) -> Iterator[Iterator[bytes]]:
        """Open `path` and yield its bytes as they come. A silence longer than `read_timeout` seconds is a failure."""
        with self._open(path, headers, read_timeout) as answer:
            yield answer.iter_bytes()

    @contextmanager
    def post_stream(self, path: str, body: Any, read_timeout: float) -> Iterator[Iterator[bytes]]:
        """Post `body` and yield the answer's bytes as they come; see `stream`."""
        with self._open(path, {}, read_timeout, method="POST", json=body) as answer:
            yield answer.iter_bytes()

    @contextmanager
    def download(self, path: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        """Open `path` and yield the answer, whose content is not read yet."""
        with self._open(path, headers, READ_SECONDS) as answer:
            yield answer

    @contextmanager
    def _open(
        self, path: str, headers: dict[str, str], read_timeout: float, method: str = "GET", json: Any = None
    ) -> Iterator[httpx.Response]:
        timeout = httpx.Timeout(TIMEOUT.connect, read=read_timeout)
        stream = self._http.stream(method, path, headers=headers, timeout=timeout, json=json)
        with _told(self.url), stream as answer:
            if answer.is_error:
                answer.read()
                raise _refusal(answer)
            yield answer

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        with _told(self.url):
            answer = self._http.request(method, path, **options)
            if answer.is_error:
                raise _refusal(answer)
            return answer


@contextmanager
def _told(url: str) -> Iterator[None]:
    try:
        yield
    except httpx.ConnectError as error:
        raise Unreachable(f"No axo service answers at {url}; start one with `axo up`, or give --url.") from error
    except httpx.TransportError as error:
        raise Unreachable(f"The connection to {url} broke: {error or type(error).__name__}.") from error
    except httpx.InvalidURL as error:
        raise Unreachable(f"{url} is not an address of a service: {error}.") from error


def _refusal(answer: httpx.Response) -> Refused:
    try:
        message = answer.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = f"{answer.request.url} answered {answer.status_code} {answer.reason_phrase}."
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        is_sent = "authorization" in answer.request.headers
        message += " The key is taken from AXO_API_KEY." if is_sent else " Put a key into AXO_API_KEY."
    return Refused(message, status=answer.status_code)


def _given(params: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}
