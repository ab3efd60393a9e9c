"""A GraphQL request read from HTTP: bounded in bytes and time, checked in shape."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.types import Receive

from domain.errors import InvalidInput, OverLimit
from domain.limits import Limits
from graph.negotiation import is_json
from graph.patience import Patience

_HASH = re.compile("[0-9a-f]{64}")


class UnsupportedBody(InvalidInput):
    """The body is of a type or encoding that is not read."""

    code = "UNSUPPORTED_MEDIA_TYPE"


class BodyTooLarge(OverLimit):
    """The body has more bytes than are read."""

    code = "BODY_TOO_LARGE"


class SlowBody(InvalidInput):
    """The body did not come in time."""

    code = "BODY_TOO_SLOW"


class BadRequest(InvalidInput):
    """The body or the query string is no GraphQL request."""

    code = "BAD_REQUEST"


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """What is asked for. `query` None: the document is the one with this SHA-256, which was sent before.

    `max_age`: how many seconds old an answer may be; None: not at all.
    """

    query: str | None
    variables: dict[str, Any] | None
    operation_name: str | None
    sha256: str | None = None
    max_age: float | None = None


async def body_of(request: Request, limits: Limits, patience: Patience) -> bytes:
    """The body of a POST. Raises UnsupportedBody, BodyTooLarge, SlowBody or BadRequest."""
    headers: dict[bytes, bytes] = dict(request.scope["headers"])
    if not is_json(headers.get(b"content-type", b"").decode("latin-1")):
        raise UnsupportedBody("Send Content-Type: application/json, in UTF-8.")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedBody("Send the body without Content-Encoding.")
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced) > limits.body_bytes:
        raise _too_large(limits.body_bytes)
    try:
        return await patience.wait(partial(_read, request.receive, limits.body_bytes))
    except TimeoutError:
        raise SlowBody(f"The body took longer than {patience.seconds:g} s.") from None


def from_body(body: bytes, limits: Limits) -> GraphQLRequest:
    """The request of a POST. Raises BadRequest or OverLimit."""
    return _request(_json(body, "The body"), limits)


def from_query(query: bytes, limits: Limits) -> GraphQLRequest:
    """The request of a GET's query string. Raises BadRequest or OverLimit."""
    given: dict[str, Any] = dict(QueryParams(query))
    for name in ("variables", "extensions"):
        if name in given:
            given[name] = _json(given[name].encode(), name)
    return _request(given, limits)


def from_message(given: dict[str, Any], limits: Limits) -> GraphQLRequest:
    """The request of a message's payload. Raises BadRequest or OverLimit."""
    return _request(given, limits)


async def _read(receive: Receive, limit: int) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("The body ended early.")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit:
            raise _too_large(limit)
    return body


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body is larger than {limit:,} bytes.", limit=limit)


def _json(text: bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as problem:
        raise BadRequest(f"{what} is no JSON: {problem}.") from None


def _request(given: Any, limits: Limits) -> GraphQLRequest:
    if isinstance(given, list):
        raise BadRequest("Send one operation per request; a list of them is not answered.")
    if not isinstance(given, dict):
        raise BadRequest("Send a JSON object with `query`.")
    _checked_shape(given, "variables", dict, "an object")
    _checked_shape(given, "extensions", dict, "an object")
    _checked_shape(given, "operationName", str, "text")
    _checked_shape(given, "query", str, "the GraphQL document, as text")
    extensions = given.get("extensions") or {}
    query, sha256 = given.get("query"), _sha256(extensions)
    if sha256 is None and not (query or "").strip():
        raise BadRequest("`query` is missing: it is the GraphQL document, as text.", field="query")
    _check_depth(given.get("variables"), limits.variable_depth)
    return GraphQLRequest(
        query=query or None,
        variables=given.get("variables"),
        operation_name=given.get("operationName") or None,
        sha256=sha256,
        max_age=_max_age(extensions),
    )


def _sha256(extensions: dict[str, Any]) -> str | None:
    """The hash of a persisted document, as Apollo's protocol sends it."""
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    given = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    if not isinstance(given, str) or not _HASH.fullmatch(given) or persisted.get("version") != 1:
        raise BadRequest(
            "`persistedQuery` takes version 1 and the document's SHA-256 in hexadecimal.",
            code="PERSISTED_QUERY_NOT_SUPPORTED",
            field="extensions",
        )
    return given


def _max_age(extensions: dict[str, Any]) -> float | None:
    given = extensions.get("maxAge")
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or given < 0:
        raise BadRequest("`maxAge` is a number of seconds, 0 or more.", field="extensions")
    return float(given)


def _check_depth(value: Any, limit: int) -> None:
    """Refuse variables nested deeper than anything that is asked; by levels, not by recursion."""
    level, depth = [value], 0
    while level := [part for each in level for part in _parts(each)]:
        depth += 1
        if depth > limit:
            raise OverLimit(
                f"The variables are nested more than {limit} levels deep.",
                code="VARIABLES_TOO_DEEP",
                field="variables",
                limit=limit,
            )


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _checked_shape(given: dict[str, Any], name: str, kind: type, said: str) -> None:
    value = given.get(name)
    if value is not None and not isinstance(value, kind):
        raise BadRequest(f"`{name}` must be {said}.", field=name)
