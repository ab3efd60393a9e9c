"""What every request passes: correlation id, security headers, a log line, a metric, masked errors."""

import logging
import time
from dataclasses import dataclass, field
from functools import lru_cache

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.correlation import HEADER, attach
from app.metrics import Metrics
from app.refusals import refusal
from app.telemetry import Spans
from domain.errors import TidemarkError

SLOW = 1.0
"""Seconds from which a request is worth a log line even where all is well."""

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-site"),
)
_POLICY = b"content-security-policy"
_NO_CONTENT = b"default-src 'none'; frame-ancestors 'none'"
_CONTENT = b"content-type"
_TELLING = len(b"text/html")
_YEAR = b"max-age=31536000"
_ROOT = logging.getLogger()

log = structlog.get_logger("tidemark.http")


@dataclass(slots=True)
class _Exchange:
    """One request on its way: what is known of its answer so far."""

    scope: Scope
    correlation: str
    started: float = field(default_factory=time.perf_counter)
    status: int = 0
    answered: float | None = None
    """When a stream began, which may go on for days."""


class Edge:
    """Wraps the whole application; pure ASGI, as it runs for every request."""

    def __init__(self, app: ASGIApp, metrics: Metrics, spans: Spans) -> None:
        self._app = app
        self._metrics = metrics
        self._spans = spans

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; lifespan messages go through untouched."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, attach(scope))
        # Each request has a context of its own, so that nothing has to be unbound.
        structlog.contextvars.bind_contextvars(correlation_id=exchange.correlation)
        with self._spans.request(scope):
            await self._pass(exchange, receive, send)

    async def _pass(self, exchange: _Exchange, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                exchange.status = message.get("status", 101)
                _add_headers(message, exchange)
            await send(message)

        try:
            await self._app(exchange.scope, receive, answer)
        except Exception as error:
            if not isinstance(error, TidemarkError):
                log.exception("request failed", path=exchange.scope["path"])
            if exchange.status or exchange.scope["type"] != "http":
                raise
            await refusal(error, exchange.correlation)(exchange.scope, receive, answer)
        finally:
            self._note(exchange)

    def _note(self, exchange: _Exchange) -> None:
        seconds = (exchange.answered or time.perf_counter()) - exchange.started
        route = getattr(exchange.scope.get("route"), "path", "other")
        method = exchange.scope.get("method", "WEBSOCKET")
        if exchange.scope["type"] == "http":
            self._metrics.observe_request(method, route, exchange.status, seconds)
        if exchange.status >= 500:
            note = log.warning
        elif seconds > SLOW:
            note = log.info
        elif _ROOT.isEnabledFor(logging.DEBUG):
            note = log.debug
        else:
            return
        note(
            "request", method=method, route=route, status=exchange.status, seconds=round(seconds, 4)
        )


def _add_headers(message: Message, exchange: _Exchange) -> None:
    given = message.get("headers") or []
    said = dict(given)
    content = said.get(_CONTENT, b"")
    if message["type"] == "websocket.accept" or content.startswith(b"text/event-stream"):
        exchange.answered = time.perf_counter()
    secure = exchange.scope["scheme"] in ("https", "wss")
    added = _added(tuple(said), content[:_TELLING], secure=secure)
    correlation = (HEADER, exchange.correlation.encode("latin-1"))
    message["headers"] = [*given, correlation, *added]


@lru_cache(maxsize=256)
def _added(given: tuple[bytes, ...], content: bytes, *, secure: bool) -> list[tuple[bytes, bytes]]:
    """What is said with every answer that does not say it itself."""
    names = {name.lower() for name in given}
    added = [pair for pair in _HEADERS if pair[0] not in names]
    if _POLICY not in names and not content.startswith(b"text/html"):
        added.append((_POLICY, _NO_CONTENT))
    if secure:
        added.append((b"strict-transport-security", _YEAR))
    return added
