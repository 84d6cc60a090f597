"""Stands in for the API: answers every request with 200, as soon as it listens."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


ThreadingHTTPServer((os.environ["AXO_HOST"], int(os.environ["AXO_PORT"])), Answers).serve_forever()
