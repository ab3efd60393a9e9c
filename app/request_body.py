"""A request body, read within bounds of size, time and of what all requests hold together."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.requests import Request

from app.gunzip import Gunzip, too_large
from domain.errors import InvalidInput, Unavailable


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


async def read_body(request: Request, limits: BodyLimits, held: Held) -> bytes:
    """The whole body, unfolded where it is gzip.

    Raises OverLimit, UnsupportedMedia, SlowBody, InvalidInput or Unavailable.
    """
    _check_length(request, limits)
    gunzip = _gunzip(request, limits)
    body = bytearray()
    now = asyncio.get_running_loop().time
    end = now() + limits.total_timeout
    try:
        async with asyncio.timeout(limits.chunk_timeout) as patience:
            async for chunk in request.stream():
                patience.reschedule(min(now() + limits.chunk_timeout, end))
                for piece in gunzip.feed(chunk) if gunzip else (chunk,):
                    held.add(len(piece))
                    body += piece
                    if len(body) > limits.max_bytes:
                        raise too_large(limits.max_bytes)
    except TimeoutError:
        raise SlowBody("The body came too slowly; send it again.") from None
    if gunzip:
        gunzip.finish()
    return bytes(body)


def _check_length(request: Request, limits: BodyLimits) -> None:
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > limits.max_bytes:
        raise too_large(limits.max_bytes)


def _gunzip(request: Request, limits: BodyLimits) -> Gunzip | None:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "gzip":
        return Gunzip(limit=limits.max_bytes)
    if encoding != "identity":
        raise UnsupportedMedia(
            f"Content-Encoding {encoding!r} is not read here. Valid: gzip, identity.",
            field="Content-Encoding",
            valid=["gzip", "identity"],
        )
    return None
