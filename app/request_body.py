"""A request body, read within bounds of size, time and of what all requests hold together."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from app.gunzip import Gunzip, too_large
from domain.errors import InvalidInput, Unavailable
from graph.patience import Patience


class UnsupportedMedia(InvalidInput):
    """The body is in a form that is not read here."""

    code = "UNSUPPORTED_MEDIA_TYPE"


class SlowBody(InvalidInput):
    """The body came too slowly."""

    code = "BODY_TOO_SLOW"


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """`max_bytes` counts unfolded and sent ones alike; times are seconds."""

    max_bytes: int = 16 * 1024 * 1024
    chunk_timeout: float = 10.0
    total_timeout: float = 60.0


@dataclass(slots=True)
class Held:
    """The bytes that one request holds of a budget."""

    budget: "BodyBudget"
    size: int = 0

    def add(self, size: int) -> None:
        """Hold more, or raise Unavailable."""
        if self.budget.used + size > self.budget.most:
            raise Unavailable("Too many large requests at once; send this one again.")
        self.budget.used += size
        self.size += size


@dataclass(slots=True)
class BodyBudget:
    """How many bytes of bodies all requests of a process may hold at a time."""

    most: int = 64 * 1024 * 1024
    used: int = field(default=0)

    @contextmanager
    def share(self) -> Iterator[Held]:
        """A request's share, given back at the end of the block."""
        held = Held(self)
        try:
            yield held
        finally:
            self.used -= held.size


Headers = Mapping[bytes, bytes]
"""By lower-case name, the first of several."""


async def read_body(
    receive: Receive, headers: Headers, limits: BodyLimits, held: Held, patience: Patience
) -> bytes:
    """The whole body, unfolded where it is gzip. `patience` is that of a chunk.

    Raises OverLimit, UnsupportedMedia, SlowBody, InvalidInput, Unavailable or ClientDisconnect.
    """
    _check_length(headers, limits)
    body = _Body(limits, held, _gunzip(headers, limits))
    end = asyncio.get_running_loop().time() + limits.total_timeout
    try:
        if body.takes_more(await patience.wait(receive)):
            await _read_rest(receive, limits.chunk_timeout, end, body)
    except TimeoutError:
        raise SlowBody("The body came too slowly; send it again.") from None
    return body.whole()


async def _read_rest(receive: Receive, chunk_timeout: float, end: float, body: "_Body") -> None:
    now = asyncio.get_running_loop().time
    async with asyncio.timeout_at(min(now() + chunk_timeout, end)) as patience:
        while body.takes_more(await receive()):
            patience.reschedule(min(now() + chunk_timeout, end))


@dataclass(slots=True)
class _Body:
    """What came so far."""

    limits: BodyLimits
    held: Held
    gunzip: Gunzip | None
    data: bytearray = field(default_factory=bytearray)

    def takes_more(self, message: Message) -> bool:
        """Add a part; whether there are more to come."""
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        for piece in self.gunzip.feed(chunk) if self.gunzip else (chunk,):
            self.held.add(len(piece))
            self.data += piece
            if len(self.data) > self.limits.max_bytes:
                raise too_large(self.limits.max_bytes)
        return bool(message.get("more_body", False))

    def whole(self) -> bytes:
        if self.gunzip:
            self.gunzip.finish()
        return bytes(self.data)


def _check_length(headers: Headers, limits: BodyLimits) -> None:
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length) > limits.max_bytes:
        raise too_large(limits.max_bytes)


def _gunzip(headers: Headers, limits: BodyLimits) -> Gunzip | None:
    given = headers.get(b"content-encoding")
    if given is None:
        return None
    encoding = given.decode("latin-1").strip().lower()
    if encoding == "gzip":
        return Gunzip(limit=limits.max_bytes)
    if encoding != "identity":
        raise UnsupportedMedia(
            f"Content-Encoding {encoding!r} is not read here. Valid: gzip, identity.",
            field="Content-Encoding",
            valid=["gzip", "identity"],
        )
    return None
