"""Spans for OpenTelemetry, where an endpoint is configured. Where none is, nothing of it is imported.

A trace is carried from process to process as a W3C `traceparent`, a string of 55 characters.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Protocol

EXPORT_SECONDS = 5.0
LEAVING_MILLISECONDS = 2000
Attributes = Mapping[str, str | int]


class TracesNotInstalled(Exception):
    """An endpoint for traces is configured, and what sends them is not installed: `pip install 'axo[otel]'`."""


class Tracer(Protocol):
    """Makes spans."""

    def span(
        self, name: str, attributes: Attributes, *, parent: str | None = None, began: datetime | None = None
    ) -> AbstractContextManager[None]:
        """Return a context manager that is the span. Without `parent` it is a child of the one that is entered here."""

    def traceparent(self) -> str | None:
        """Return the span that is entered here, for others to be its children."""

    def close(self) -> None:
        """Send what is left, for `LEAVING_MILLISECONDS` at most."""


class NoTracer:
    """Keeps nothing."""

    @contextmanager
    def span(
        self, name: str, attributes: Attributes, *, parent: str | None = None, began: datetime | None = None
    ) -> Iterator[None]:
        yield

    def traceparent(self) -> None:
        return None

    def close(self) -> None:
        return


def tracer(endpoint: str | None, service: str, **resource: str) -> Tracer:
    """Return what sends the spans of `service` to an OTLP endpoint over HTTP, such as http://collector:4318.

    Raises `TracesNotInstalled`.
    """
    if not endpoint:
        return NoTracer()
    try:
        from axo_observability.otlp import OtlpTracer
    except ImportError as error:
        raise TracesNotInstalled(
            f"AXO_OTLP_ENDPOINT is set, and {error.name} is missing: pip install 'axo[otel]', or leave it out."
        ) from error
    return OtlpTracer(endpoint, {"service.name": service, **resource})
