"""What every request passes: correlation id, security headers, a log line, a metric, masked errors."""

import time
from collections.abc import Awaitable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.again import Again
from app.answer_headers import CONTENT, added_to
from app.correlation import HEADER, attach
from app.metrics import Metrics
from app.refusals import refusal
from app.request_notes import log, note, note_line
from app.telemetry import Spans
from domain.errors import TidemarkError


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
        streams = said.get(CONTENT, b"").startswith(b"text/event-stream")
        if streams or message["type"] == "websocket.accept":
            self.answered = time.perf_counter()
        added = added_to(said, secure=self.scope["scheme"] in ("https", "wss"))
        message["headers"] = [*given, (HEADER, self.correlation.encode("latin-1")), *added]


class Edge:
    """Wraps the whole application; pure ASGI, as it runs for every request.

    `again` answers what came before by a shorter way, and is told here what that is.
    """

    def __init__(
        self, app: ASGIApp, metrics: Metrics, spans: Spans, again: Again | None = None
    ) -> None:
        self._app = app
        self._times = metrics.requests
        self._spans = spans
        self.again = again

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; lifespan messages go through untouched."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send, attach(scope), time.perf_counter())
        with self._spans.request(scope):
            try:
                await self._app(scope, receive, exchange.send)
                if self.again is not None:
                    self.again.remember(scope)
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
        if scope["type"] == "http":
            note(self._times, scope["method"], route, status, seconds)
        else:
            note_line("WEBSOCKET", route, status, seconds)
