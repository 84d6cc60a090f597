"""Spans that are sent by OTLP over HTTP. Imported only where an endpoint is configured."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from axo_observability.traces import EXPORT_SECONDS, LEAVING_MILLISECONDS, Attributes

HEADER = "traceparent"
_propagator = TraceContextTextMapPropagator()


class OtlpTracer:
    """Sends spans in batches, from a thread of its own: a collector that is away holds nothing up."""

    def __init__(self, endpoint: str, resource: dict[str, str]) -> None:
        exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)
        self._provider = TracerProvider(resource=Resource.create(dict(resource)), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=500))
        self._tracer = self._provider.get_tracer("axo")

    @contextmanager
    def span(
        self, name: str, attributes: Attributes, *, parent: str | None = None, began: datetime | None = None
    ) -> Iterator[None]:
        """Keep a span, with the exception that ended it if there was one."""
        context = _propagator.extract({HEADER: parent}) if parent else None
        start = None if began is None else int(began.timestamp() * 1e9)
        with self._tracer.start_as_current_span(name, context, attributes=attributes, start_time=start):
            yield

    def traceparent(self) -> str | None:
        """Return the span that is entered here, for others to be its children."""
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        return carrier.get(HEADER)

    def close(self) -> None:
        """Send what is left, for a moment at most."""
        self._provider.force_flush(LEAVING_MILLISECONDS)
        self._provider.shutdown()
