"""What every request passes: correlation id, security headers, a log line, a metric, masked errors."""

import logging
import time
from collections.abc import Awaitable
from dataclasses import dataclass
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
    onward: Send
    correlation: str
    started: float
    status: int = 0
    answered: float | None = None
    """When a stream began, which may go on for days."""

    def send(self, message: Message) -> Awaitable[None]:
        """Stands for the server's own; adds what is said with every answer."""
        if message["type"] in ("http.response.start", "websocket.accept"):
            self.status = message.get("status", 101)
            self._add_headers(message)
        return self.onward(message)

    def _add_headers(self, message: Message) -> None:
        given = message.get("headers") or []
        said = dict(given)
        content = said.get(_CONTENT, b"")
        if message["type"] == "websocket.accept" or content.startswith(b"text/event-stream"):
            self.answered = time.perf_counter()
        secure = self.scope["scheme"] in ("https", "wss")
        added = _added(tuple(said), content[:_TELLING], secure=secure)
        message["headers"] = [*given, (HEADER, self.correlation.encode("latin-1")), *added]


class Edge:
    """Wraps the whole application; pure ASGI, as it runs for every request."""

    def __init__(self, app: ASGIApp, metrics: Metrics, spans: Spans) -> None:
        self._app = app
        self._observe = metrics.requests.observe
        self._spans = spans

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; lifespan messages go through untouched."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send, attach(scope), time.perf_counter())
        with self._spans.request(scope):
            try:
                await self._app(scope, receive, exchange.send)
            except Exception as error:
                await self._fail(exchange, error, receive)
            finally:
                self._note(exchange)

    async def _fail(self, exchange: _Exchange, error: Exception, receive: Receive) -> None:
        if not isinstance(error, TidemarkError):
            log.exception("request failed", path=exchange.scope["path"])
        if exchange.status or exchange.scope["type"] != "http":
            raise error
        await refusal(error, exchange.correlation)(exchange.scope, receive, exchange.send)

    def _note(self, exchange: _Exchange) -> None:
        scope, status = exchange.scope, exchange.status
        seconds = (exchange.answered or time.perf_counter()) - exchange.started
        route = getattr(scope.get("route"), "path", "other")
        method = scope.get("method", "WEBSOCKET")
        if scope["type"] == "http":
            self._observe(method, route, status, seconds)
        if status < 500 and seconds <= SLOW and not _ROOT.isEnabledFor(logging.DEBUG):
            return
        note = log.warning if status >= 500 else log.info if seconds > SLOW else log.debug
        note("request", method=method, route=route, status=status, seconds=round(seconds, 4))


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
