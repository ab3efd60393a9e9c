"""OpenTelemetry spans of requests and SQL statements, where a collector is configured."""

import time
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

from asyncpg.connection import LoggedQuery
from opentelemetry import trace
from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind
from starlette.types import Scope

from domain.errors import ConfigurationError

_EXPORTER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"


class Spans(Protocol):
    """Where spans go."""

    def request(self, scope: Scope) -> AbstractContextManager[Any]:
        """A span around a request or WebSocket."""

    def statement(self, query: LoggedQuery) -> None:
        """A span of an SQL statement that has just ended."""

    def close(self) -> None:
        """Send what is left."""


_NO_SPAN = nullcontext()


class NoSpans:
    """Nothing is configured: nothing is measured."""

    def request(self, scope: Scope) -> AbstractContextManager[Any]:
        """No span."""
        return _NO_SPAN

    def statement(self, query: LoggedQuery) -> None:
        """No span."""

    def close(self) -> None:
        """Nothing is left."""


class ExportedSpans:
    """Spans in batches to an exporter; the trace of `traceparent` is continued."""

    def __init__(self, exporter: SpanExporter, service: str) -> None:
        self._provider = TracerProvider(resource=Resource.create({"service.name": service}))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("tidemark")

    def request(self, scope: Scope) -> AbstractContextManager[Any]:
        """A span named by method and path."""
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        method = scope.get("method", "WEBSOCKET")
        return self._tracer.start_as_current_span(
            f"{method} {scope['path']}",
            context=extract(headers),
            kind=SpanKind.SERVER,
            attributes={
                "http.request.method": method,
                "url.path": scope["path"],
                "tidemark.correlation_id": scope["correlation"],
            },
        )

    def statement(self, query: LoggedQuery) -> None:
        """A span that ends now and began `elapsed` seconds ago; arguments are left out."""
        ended = time.time_ns()
        span = self._tracer.start_span(
            "postgresql",
            kind=SpanKind.CLIENT,
            start_time=ended - int(query.elapsed * 1e9),
            attributes={"db.system.name": "postgresql", "db.query.text": query.query},
        )
        if query.exception is not None:
            span.set_status(trace.StatusCode.ERROR, type(query.exception).__name__)
        span.end(ended)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def spans_to(endpoint: str | None, service: str) -> Spans:
    """Spans to an OTLP collector; `endpoint` None makes none."""
    if endpoint is None:
        return NoSpans()
    if not _has_exporter():
        raise ConfigurationError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set and the exporter is not installed:"
            " install it with `pip install 'tidemark[otel]'`, or unset it."
        )
    exporter = import_module(_EXPORTER).OTLPSpanExporter(
        endpoint=f"{endpoint.rstrip('/')}/v1/traces"
    )
    return ExportedSpans(exporter, service)


def _has_exporter() -> bool:
    try:
        return find_spec(_EXPORTER) is not None
    except ModuleNotFoundError:
        return False
