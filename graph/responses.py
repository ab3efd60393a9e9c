"""Answers as bytes: errors, data, and what the answer cost."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from starlette.requests import Request
from starlette.types import Receive, Send
from starlette.types import Scope as ASGIScope
from strawberry.types.execution import ExecutionResult

from graph.errors import formatted
from graph.marks import add_warning, mark_kept
from graph.negotiation import GRAPHQL_RESPONSE
from graph.prepared import Prepared
from resolvers.kept_answers import Given, Keepable
from resolvers.scope import Scope

ENCODING = (
    orjson.OPT_UTC_Z
    | orjson.OPT_NON_STR_KEYS
    | orjson.OPT_SERIALIZE_NUMPY
    | orjson.OPT_NAIVE_UTC  # numpy knows no zones
)
_VARY = b"Accept, Authorization, X-API-Key"
_STALE = "STALE"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response; Starlette's own does more than is needed here, for every answer."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Send it."""
        start = {"type": "http.response.start", "status": self.status, "headers": self.headers}
        await send(start)
        await send({"type": "http.response.body", "body": self.body})


@dataclass(frozen=True, slots=True)
class Cost:
    """What an answer cost, in points."""

    requested: int
    actual: int
    remaining: int


@dataclass(frozen=True, slots=True)
class Executed:
    """A new answer. `data` None: nothing was executed."""

    errors: bytes | None
    data: bytes | None
    actual: int

    @property
    def etag(self) -> str | None:
        """A name of the data; None where there are errors. It takes a pass over all of it."""
        if self.data is None or self.errors is not None:
            return None
        return hashlib.blake2b(self.data, digest_size=16).hexdigest()


def executed(result: ExecutionResult, scope: Scope, prepared: Prepared) -> Executed:
    """The outcome of an execution as bytes. Only questions are read, and so counted, along the way."""
    errors = data = None
    if result.errors:
        shown = formatted(result.errors, scope.caller.correlation, suggest=scope.may_introspect)
        errors = orjson.dumps(shown, option=ENCODING)
    if result.data is not None or any(error.path for error in result.errors or ()):
        data = orjson.dumps(result.data, option=ENCODING)
    counted = prepared.question is not None
    actual = min(prepared.cost, scope.tally.points) if counted else prepared.cost
    return Executed(errors, data, actual)


def keepable(
    result: ExecutionResult, answer: Executed, prepared: Prepared, scope: Scope
) -> Keepable | None:
    """What of an answer is kept: all of it, marked as kept, where it has no errors."""
    data, etag = answer.data, answer.etag
    if etag is None or data is None:
        return None
    if prepared.marks:
        mark_kept(result.data, prepared.marks)
        data = orjson.dumps(result.data, option=ENCODING)
    return Keepable(data, etag, scope.tally.until)


def new_response(answer: Executed, media_type: str, cost: Cost, request: Request) -> Answer:
    """400 marks a request that was not executed, where the client's media type says so by status."""
    parts = []
    if answer.errors is not None:
        parts.append(b'"errors":' + answer.errors)
    if answer.data is not None:
        parts.append(b'"data":' + answer.data)
    body = b"{%b,%b}" % (b",".join(parts), _extensions(cost, b""))
    status = 400 if answer.data is None and media_type == GRAPHQL_RESPONSE else 200
    etag = answer.etag if request.method == "GET" else None
    return _response(request, body, status, media_type, etag, fresh_for=0)


def kept_response(
    given: Given,
    prepared: Prepared,
    media_type: str,
    cost: Cost,
    request: Request,
    now: datetime,
) -> Answer:
    """A kept answer, for GET also for how long the client may keep it."""
    body = kept_body(given, prepared, cost, now)
    allowed = prepared.asked.max_age or 0
    fresh_for = 0 if given.stale else max(0, int(allowed - _age(given, now)))
    etag = None if given.stale else given.answer.etag
    return _response(request, body, 200, media_type, etag, fresh_for)


def kept_body(given: Given, prepared: Prepared, cost: Cost, now: datetime) -> bytes:
    """A kept answer; a stale one says so in `extensions` and wherever warnings are selected."""
    age = _age(given, now)
    data = _stale(given, prepared, age) if given.stale else given.answer.data
    cache = b'"cache":{"ageSeconds":%.3f,"stale":%b},' % (age, b"true" if given.stale else b"false")
    return b'{"data":%b,%b}' % (data, _extensions(cost, cache))


def _age(given: Given, now: datetime) -> float:
    return max(0.0, (now - given.answer.made_at).total_seconds())


def _extensions(cost: Cost, more: bytes) -> bytes:
    return b'"extensions":{%b"cost":{"requested":%d,"actual":%d,"remaining":%d}}' % (
        more,
        cost.requested,
        cost.actual,
        cost.remaining,
    )


def _stale(given: Given, prepared: Prepared, age: float) -> bytes:
    if not prepared.marks:
        return given.answer.data
    data: Any = orjson.loads(given.answer.data)
    message = (
        f"The database is down; this was answered {age:.0f} s ago, at"
        f" {given.answer.made_at.isoformat(timespec='seconds').replace('+00:00', 'Z')}."
    )
    warning = {"code": _STALE, "message": message, "__typename": "Warning"}
    add_warning(data, prepared.marks, warning)
    return orjson.dumps(data, option=ENCODING)


def _response(
    request: Request, body: bytes, status: int, media_type: str, etag: str | None, fresh_for: int
) -> Answer:
    """For GET also what an HTTP cache of the client may do with it."""
    headers = [*_content_type(media_type), (b"content-length", str(len(body)).encode())]
    if request.method == "GET":
        caching = _cache_headers(etag, fresh_for)
        if etag is not None and _matches(request.headers.get("if-none-match"), etag):
            return Answer(304, caching, b"")
        headers += caching
    return Answer(status, headers, body)


@cache
def _content_type(media_type: str) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", f"{media_type}; charset=utf-8".encode())]


def _cache_headers(etag: str | None, fresh_for: int) -> list[tuple[bytes, bytes]]:
    if etag is None:
        return [(b"cache-control", b"no-store"), (b"vary", _VARY)]
    control = f"private, max-age={fresh_for}" if fresh_for else "private, no-cache"
    return [
        (b"etag", f'W/"{etag}"'.encode()),
        (b"cache-control", control.encode()),
        (b"vary", _VARY),
    ]


def _matches(given: str | None, etag: str) -> bool:
    if given is None:
        return False
    return any(each.strip().removeprefix("W/") in (f'"{etag}"', "*") for each in given.split(","))
