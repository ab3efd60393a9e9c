"""Short answers in one write: uvicorn makes two of each, a system call and a wakeup of the client more."""

from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_LENGTH = b"content-length"


@dataclass(frozen=True, slots=True)
class OneWrite:
    """An application whose answers of known length are sent whole; all others go uvicorn's way."""

    app: ASGIApp
    cycle: RequestResponseCycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application."""
        plain = self.cycle.keep_alive and scope["method"] != "HEAD"
        await self.app(scope, receive, _Joined(self.cycle).send if plain else send)


@dataclass(slots=True)
class _Joined:
    """Holds back the head of an answer that says its length, until the body is there."""

    cycle: RequestResponseCycle
    head: Message | None = None
    length: bytes | None = None

    async def send(self, message: Message) -> None:
        """Stands for the cycle's own."""
        head, self.head = self.head, None
        if head is not None:
            if self._is_rest(message):
                self._write(head, message.get("body", b""))
                return
            await self.cycle.send(head)  # type: ignore[arg-type]
        elif message["type"] == "http.response.start" and self._is_plain(message):
            self.head = message
            return
        await self.cycle.send(message)  # type: ignore[arg-type]

    def _is_plain(self, head: Message) -> bool:
        said = dict(head.get("headers", ()))
        self.length = said.get(_LENGTH)
        return self.length is not None and b"connection" not in said

    def _is_rest(self, message: Message) -> bool:
        """Whether that is the whole body, and the client can be written to."""
        cycle = self.cycle
        return (
            self.length == b"%d" % len(message.get("body", b""))
            and not message.get("more_body", False)
            and not cycle.flow.write_paused
            and not cycle.disconnected
        )

    def _write(self, head: Message, body: bytes) -> None:
        cycle, headers = self.cycle, head["headers"]
        lines = _lines([*cycle.default_headers, *headers] if cycle.default_headers else headers)
        cycle.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[head["status"]], lines, body))
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        cycle.on_response()


def _lines(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The headers, a line each: what they say may hold no end of a line."""
    lines = b"".join([b"%b: %b\r\n" % each for each in headers])
    if not lines.count(b"\r") == lines.count(b"\n") == len(headers):
        raise RuntimeError("A header holds the end of a line.")
    return lines
