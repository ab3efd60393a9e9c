"""Spans: a request with its trace and its statements, only where a collector is configured."""

from types import SimpleNamespace
from typing import Any, cast

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app.telemetry import ExportedSpans, NoSpans, spans_to

TRACE = "0af7651916cd43dd8448eb211c80319c"


def _scope() -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "correlation": "c-1",
        "headers": [(b"traceparent", f"00-{TRACE}-b7ad6b7169203331-01".encode())],
    }


def test_a_request_continues_its_trace_and_holds_its_statements() -> None:
    exporter = InMemorySpanExporter()
    spans = ExportedSpans(exporter, "tidemark-test")
    query = SimpleNamespace(query="SELECT $1", elapsed=0.25, exception=None, args=("secret",))
    with spans.request(_scope()):
        spans.statement(cast(Any, query))
    spans.close()
    statement, request = exporter.get_finished_spans()
    assert request.name == "POST /graphql"
    assert f"{request.context.trace_id:032x}" == TRACE
    assert request.attributes["tidemark.correlation_id"] == "c-1"
    assert statement.parent.span_id == request.context.span_id
    assert statement.end_time - statement.start_time == 250_000_000
    assert "secret" not in str(statement.attributes)


def test_a_failed_statement_is_an_error() -> None:
    exporter = InMemorySpanExporter()
    spans = ExportedSpans(exporter, "tidemark-test")
    query = SimpleNamespace(query="SELECT", elapsed=0.1, exception=ValueError("x"), args=())
    spans.statement(cast(Any, query))
    spans.close()
    (statement,) = exporter.get_finished_spans()
    assert not statement.status.is_ok


def test_without_an_endpoint_no_span_is_made() -> None:
    assert isinstance(spans_to(None, "tidemark-test"), NoSpans)
