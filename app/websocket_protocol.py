"""uvicorn's WebSocket protocol, with an end to connections whose peer reads no more."""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_LINGER = 5.0
"""Seconds that what was sent last has to arrive, after the application has ended."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """A transport that is closed waits for its buffer to empty, which a peer can prevent for ever."""

    async def run_asgi(self) -> None:
        """Serve one connection."""
        await super().run_asgi()
        self.loop.call_later(_LINGER, self.transport.abort)

    def keepalive_timeout(self) -> None:
        """The peer did not answer a ping."""
        super().keepalive_timeout()
        self.transport.abort()
