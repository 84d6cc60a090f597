"""A lean HTTP client: on two cores, what the client burns is missing on the server's side."""

import socket
from typing import NamedTuple

_CONTENT_LENGTH = b"content-length: "


class Answer(NamedTuple):
    """What a server answered."""

    status: int
    body: bytes


class Connection:
    """One keep-alive connection to a server on this machine."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def fileno(self) -> int:
        return self._socket.fileno()

    def ask(self, request: bytes) -> Answer:
        """Send a request and wait for its answer."""
        self.send(request)
        while (answer := self.receive()) is None:
            continue
        return answer

    def send(self, request: bytes) -> None:
        """Send a request."""
        self._socket.sendall(request)

    def receive(self) -> Answer | None:
        """Return the answer to what was sent, or None when it is not whole yet. Waits until something comes."""
        received = self._socket.recv(65536)
        if not received:
            raise ConnectionError("the server hung up")
        self._received += received
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = head.lower().partition(_CONTENT_LENGTH)[2].partition(b"\r\n")[0]
        if not end or len(body) < int(length):
            return None
        self._received = b""
        return Answer(int(head[9:12]), body)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def ask(port: int, request: bytes) -> Answer:
    """Send a request on a connection of its own, as a command line does, and wait for its answer."""
    connection = Connection(port)
    answer = connection.ask(request)
    connection.close()
    return answer


def post(path: str, body: bytes = b"", key: str | None = None) -> bytes:
    """Return a POST request with a JSON body and an API key, as it goes over the wire."""
    fields = f"host: localhost\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    if key is not None:
        fields += f"\r\nauthorization: Bearer {key}"
    return f"POST {path} HTTP/1.1\r\n{fields}\r\n\r\n".encode() + body
