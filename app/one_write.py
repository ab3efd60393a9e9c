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

    async def send(self, message: Message) -> None:
        """Stands for the cycle's own."""
        head, self.head = self.head, None
        if head is not None:
            await self._rest(head, message)
        elif message["type"] == "http.response.start" and _is_plain(message):
            self.head = message
        else:
            await self.cycle.send(message)  # type: ignore[arg-type]

    async def _rest(self, head: Message, message: Message) -> None:
        cycle, body = self.cycle, message.get("body", b"")
        announced = next(value for name, value in head["headers"] if name == _LENGTH)
        if (
            cycle.flow.write_paused
            or cycle.disconnected
            or message.get("more_body", False)
            or int(announced) != len(body)
        ):
            await cycle.send(head)  # type: ignore[arg-type]
            await cycle.send(message)  # type: ignore[arg-type]
            return
        lines = _lines([*cycle.default_headers, *head["headers"]])
        cycle.transport.write(b"".join((STATUS_LINE[head["status"]], lines, b"\r\n", body)))
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        cycle.on_response()


def _is_plain(head: Message) -> bool:
    names = dict(head.get("headers", ()))
    return _LENGTH in names and b"connection" not in names


def _lines(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The headers, a line each: what they say may hold no end of a line."""
    lines = b"".join([b"%b: %b\r\n" % each for each in headers])
    if not lines.count(b"\r") == lines.count(b"\n") == len(headers):
        raise RuntimeError("A header holds the end of a line.")
    return lines
