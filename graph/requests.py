"""A GraphQL request read from HTTP: bounded in bytes and time, checked in shape."""

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request

from domain.errors import InvalidInput, OverLimit
from domain.limits import Limits
from graph.negotiation import is_json


class UnsupportedBody(InvalidInput):
    """The body is of a type or encoding that is not read."""

    code = "UNSUPPORTED_MEDIA_TYPE"


class SlowBody(InvalidInput):
    """The body did not come in time."""

    code = "BODY_TOO_SLOW"


class BadRequest(InvalidInput):
    """The body or the query string is no GraphQL request."""

    code = "BAD_REQUEST"


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """What is asked for."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


async def from_body(request: Request, limits: Limits) -> GraphQLRequest:
    """The request of a POST. Raises UnsupportedBody, OverLimit, SlowBody or BadRequest."""
    if not is_json(request.headers.get("content-type")):
        raise UnsupportedBody("Send Content-Type: application/json, in UTF-8.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedBody("Send the body without Content-Encoding.")
    try:
        async with asyncio.timeout(limits.body_seconds):
            body = await _read(request, limits.body_bytes)
    except TimeoutError:
        raise SlowBody(f"The body took longer than {limits.body_seconds:g} s.") from None
    except ClientDisconnect:
        raise BadRequest("The body ended early.") from None
    return _request(_json(body, "The body"))


def from_query(request: Request) -> GraphQLRequest:
    """The request of a GET. Raises BadRequest."""
    given: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if name in given:
            given[name] = _json(given[name].encode(), name)
    return _request(given)


async def _read(request: Request, limit: int) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> OverLimit:
    return OverLimit(
        f"The body is larger than {limit:,} bytes.", code="BODY_TOO_LARGE", limit=limit
    )


def _json(text: bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as problem:
        raise BadRequest(f"{what} is no JSON: {problem}.") from None


def _request(given: Any) -> GraphQLRequest:
    if isinstance(given, list):
        raise BadRequest("Send one operation per request; a list of them is not answered.")
    if not isinstance(given, dict):
        raise BadRequest("Send a JSON object with `query`.")
    query = given.get("query")
    if not isinstance(query, str) or not query.strip():
        raise BadRequest("`query` is missing: it is the GraphQL document, as text.", field="query")
    _checked_shape(given, "variables", dict, "an object")
    _checked_shape(given, "extensions", dict, "an object")
    _checked_shape(given, "operationName", str, "text")
    return GraphQLRequest(query, given.get("variables"), given.get("operationName") or None)


def _checked_shape(given: dict[str, Any], name: str, kind: type, said: str) -> None:
    value = given.get(name)
    if value is not None and not isinstance(value, kind):
        raise BadRequest(f"`{name}` must be {said}.", field=name)
