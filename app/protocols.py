"""uvicorn's protocols, with an end to connections whose peer reads no more.

A transport that is closed waits for its buffer to empty, which a peer can prevent for ever.
"""

import asyncio
from typing import Any

from uvicorn._types import HTTPScope
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from app.again import Again
from app.one_write import OneWrite

_LINGER = 5.0
"""Seconds that what was sent last has to arrive, after the application has ended."""

_STALL = 30.0
"""Seconds in which a peer takes at least something of what waits for it."""


class HttpProtocol(HttpToolsProtocol):
    """HTTP/1.1."""

    _stalled: asyncio.TimerHandle | None = None
    _held: RequestResponseCycle | None = None
    _feeding = False

    def __init__(self, config: Config, *arguments: Any, **more: Any) -> None:
        super().__init__(config, *arguments, **more)
        self._again: Again | None = getattr(config.app, "again", None)

    def data_received(self, data: bytes) -> None:
        """Bytes came; a request that may have come before is begun once all of them are looked at."""
        self._feeding = True
        super().data_received(data)
        self._feeding = False
        cycle, self._held = self._held, None
        if cycle is None:
            return
        assert self._again is not None
        if cycle.more_body or not self._again.begin(cycle, lambda: self._begin(cycle)):
            self._begin(cycle)

    def pause_writing(self) -> None:
        """More waits for the peer than is buffered."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """The peer has taken most of it."""
        super().resume_writing()
        self._unwatch()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._unwatch()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server stops; a stream, which would go on for good, is cut off and its client comes again."""
        super().shutdown()
        cycle = self.cycle
        if cycle is not None and cycle.response_started and _accepts_stream(cycle.scope):
            cycle.disconnected = True
            cycle.message_event.set()
            self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """A request goes to the application, or waits for its body where it may be known."""
        scope: Any = cycle.scope
        if (
            self._feeding
            and self._again is not None
            and app is self.app
            and self._again.may_take(scope)
        ):
            self._held = cycle
        else:
            self._begin(cycle, app)

    def _begin(self, cycle: RequestResponseCycle, app: Any = None) -> None:
        whole: Any = OneWrite(app or self.app, cycle)
        super()._start_asgi_task(cycle, whole)

    def _watch(self) -> None:
        waiting = self.transport.get_write_buffer_size()
        self._stalled = asyncio.get_running_loop().call_later(_STALL, self._look, waiting)

    def _unwatch(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()

    def _look(self, waiting: int) -> None:
        if self.transport.get_write_buffer_size() < waiting:
            self._watch()
        else:
            self.transport.abort()


def _accepts_stream(scope: HTTPScope) -> bool:
    headers = dict(scope["headers"])
    return b"text/event-stream" in headers.get(b"accept", b"")


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """WebSocket over HTTP/1.1."""

    async def run_asgi(self) -> None:
        """Serve one connection."""
        await super().run_asgi()
        self.loop.call_later(_LINGER, self.transport.abort)

    def keepalive_timeout(self) -> None:
        """The peer did not answer a ping."""
        super().keepalive_timeout()
        self.transport.abort()
