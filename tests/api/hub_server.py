"""A hub on loopback, which answers as the Hugging Face Hub does about what a test says that it has."""

from http.server import BaseHTTPRequestHandler

from tests.loopback_server import LoopbackServer, Quiet


class HubServer(LoopbackServer):
    """Knows `org/model`, `org/data` and their revision `main`; is slow about `org/slow` and falls ill of `org/sick`."""

    def __init__(self) -> None:
        super().__init__(_Answer)
        self.asked: list[str] = []


STATUSES = {"model": 200, "data": 200, "gone": 404, "gated": 401, "forbidden": 403, "sick": 500, "slow": 200}


class _Answer(Quiet, BaseHTTPRequestHandler):
    server: HubServer

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        name, _, revision = self.path.split("/org/")[-1].partition("/revision/")
        if name == "slow":
            self.server.ending.wait(30)
        status = STATUSES.get(name, 404)
        self.send_response(404 if revision not in {"", "main", "refs%2Fpr%2F1"} else status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_HEAD = do_GET  # noqa: N815 (the names are the standard library's)
