"""Servers of tests: each on a free port of the loopback interface, in a thread of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any, TypeVar


class LoopbackServer(ThreadingTCPServer):
    """Listens on `port`. Whoever of its threads waits for something stops waiting once `ending` is set."""

    daemon_threads = True

    def __init__(self, handler: type[BaseRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.port = int(self.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.ending = threading.Event()


class Quiet:
    """A handler that writes no line for each request."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


Server = TypeVar("Server", bound=LoopbackServer)


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """Have a server answer until the end of the block, however that ends."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.ending.set()
        server.shutdown()
        server.server_close()
        thread.join()
