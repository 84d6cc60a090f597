"""A collector of traces: takes what is sent by OTLP over HTTP, and decodes it."""

import gzip
from http.server import BaseHTTPRequestHandler
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.loopback_server import LoopbackServer, Quiet


class OtlpReceiver(LoopbackServer):
    """`spans` are what came, each with its service and its attributes."""

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.spans: list[dict[str, Any]] = []

    def take(self, request: Any) -> None:
        """Keep the spans of one request."""
        for resource in request.resource_spans:
            service = _attributes(resource.resource)["service.name"]
            for scope in resource.scope_spans:
                self.spans.extend(_span(service, span) for span in scope.spans)


class _Handler(Quiet, BaseHTTPRequestHandler):
    server: OtlpReceiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        if self.path == "/v1/traces":
            self.server.take(ExportTraceServiceRequest.FromString(body))
        self.send_response(200 if self.path == "/v1/traces" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _span(service: str, span: Any) -> dict[str, Any]:
    return {
        "service": service,
        "name": span.name,
        "trace": span.trace_id.hex(),
        "id": span.span_id.hex(),
        "parent": span.parent_span_id.hex(),
        "began": span.start_time_unix_nano,
        "ended": span.end_time_unix_nano,
        **_attributes(span),
    }


def _attributes(holder: Any) -> dict[str, Any]:
    return {one.key: one.value.string_value or one.value.int_value for one in holder.attributes}
