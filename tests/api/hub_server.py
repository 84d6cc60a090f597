"""A hub on loopback, which answers as the Hugging Face Hub does about what a test says that it has."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class HubServer(ThreadingHTTPServer):
    """Knows `org/model`, `org/data` and their revision `main`; is slow about `org/slow` and falls ill of `org/sick`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[str] = []
        self.patience = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def running_hub() -> Iterator[HubServer]:
    """Yield a hub that answers."""
    hub = HubServer()
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield hub
    hub.patience.set()
    hub.shutdown()
    thread.join()
    hub.server_close()


STATUSES = {"model": 200, "data": 200, "gone": 404, "gated": 401, "forbidden": 403, "sick": 500, "slow": 200}


class _Answer(BaseHTTPRequestHandler):
    server: HubServer

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        name, _, revision = self.path.split("/org/")[-1].partition("/revision/")
        if name == "slow":
            self.server.patience.wait(30)
        status = STATUSES.get(name, 404)
        self.send_response(404 if revision not in {"", "main", "refs%2Fpr%2F1"} else status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_HEAD = do_GET  # noqa: N815 (the names are the standard library's)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
