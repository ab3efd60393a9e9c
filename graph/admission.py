"""Who may open a stream, for how long, from which pages, and how many."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from domain.callers import Caller
from domain.errors import TidemarkError
from domain.streams import ForeignOrigin, StreamLimits, TooManyStreams

ANY = "*"


@dataclass(frozen=True, slots=True)
class Admitted:
    """A caller with an open stream. `over` says why, once their token or key no longer holds."""

    caller: Caller
    over: "asyncio.Future[TidemarkError]"


Admit = Callable[[Mapping[str, str], str], AbstractAsyncContextManager[Admitted]]
"""Takes headers by lower-case name and a correlation id; raises Unauthenticated or Unavailable."""


def check_origin(connection: HTTPConnection, allowed: tuple[str, ...]) -> None:
    """Refuse what a page of another site opens. Programs send no Origin, pages of this one its own host."""
    origin = connection.headers.get("origin")
    if origin is None or ANY in allowed or origin in allowed:
        return
    if urlsplit(origin).netloc != connection.headers.get("host"):
        raise ForeignOrigin("Pages of this origin may not call the API: see CORS_ORIGINS.")


class Seats:
    """How many connections and streams are open in this process."""

    def __init__(self, limits: StreamLimits) -> None:
        self._limits = limits
        self._connections = 0
        self._of_caller: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def connection(self) -> Iterator[None]:
        """One more connection. Raises TooManyStreams."""
        _check(self._connections, self._limits.per_process, "connections of this process")
        self._connections += 1
        try:
            yield
        finally:
            self._connections -= 1

    def connection_of(self, caller: Caller) -> AbstractContextManager[None]:
        """That connection is this caller's. Raises TooManyStreams."""
        return self._taken(caller, "connections")

    def stream_of(self, caller: Caller) -> AbstractContextManager[None]:
        """One more stream of a caller. Raises TooManyStreams."""
        return self._taken(caller, "streams")

    @contextmanager
    def _taken(self, caller: Caller, what: str) -> Iterator[None]:
        key = (what, caller.subject)
        _check(self._of_caller[key], self._limits.per_caller, f"{what} of this caller")
        self._of_caller[key] += 1
        try:
            yield
        finally:
            self._of_caller[key] -= 1
            if not self._of_caller[key]:
                del self._of_caller[key]


def _check(open_now: int, limit: int, what: str) -> None:
    if open_now >= limit:
        raise TooManyStreams(f"{limit:,} {what} are open; no more may be.", limit=limit)
