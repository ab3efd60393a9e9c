"""The id that ties a request to its log lines, errors and events."""

import random
import re
from collections.abc import Iterable
from contextvars import ContextVar

from starlette.requests import HTTPConnection
from starlette.types import Scope

HEADER = b"x-correlation-id"
CURRENT: ContextVar[str | None] = ContextVar("correlation", default=None)
"""The id of the request that is being answered, for log lines."""

_SANE = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
_TRACE = re.compile(rb"[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def correlation_of(connection: HTTPConnection) -> str:
    """The id of a request or WebSocket that came in through the edge."""
    return str(connection.scope["correlation"])


def choose(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """X-Correlation-ID, else the trace of `traceparent`, where they are sane; else a new id."""
    found = dict(headers)
    given = found.get(HEADER)
    if given is not None and _SANE.fullmatch(given):
        return given.decode("ascii")
    parent = found.get(b"traceparent")
    trace = None if parent is None else _TRACE.fullmatch(parent)
    return trace["trace"].decode("ascii") if trace else f"{random.getrandbits(128):032x}"


def attach(scope: Scope) -> str:
    """Choose the id of a request and leave it where `correlation_of` and log lines find it.

    Each request has a context of its own, so that nothing has to be unset.
    """
    correlation = scope["correlation"] = choose(scope["headers"])
    CURRENT.set(correlation)
    return correlation
