"""GraphQL over HTTP: one operation a request, by POST or (queries alone) by GET."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult
from strawberry.types.graphql import OperationType

from domain.callers import Caller
from domain.errors import Forbidden, OverLimit, TidemarkError, Unauthenticated, Unavailable
from domain.policy import may_introspect
from graph.console import CONSOLE, CONSOLE_POLICY
from graph.errors import formatted, stated
from graph.negotiation import GRAPHQL_RESPONSE, JSON_RESPONSE, accepted_type, wants_page
from graph.requests import (
    BadRequest,
    GraphQLRequest,
    SlowBody,
    UnsupportedBody,
    from_body,
    from_query,
)
from graph.schema import TidemarkSchema, schema_text
from resolvers.loaders import loaders
from resolvers.scope import Rooms, Scope

Authenticate = Callable[[Request], Awaitable[Caller]]
"""Who sends a request; raises Unauthenticated."""

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_ENCODING = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS
_STATUS: Mapping[type[TidemarkError], int] = {
    Unauthenticated: 401,
    Forbidden: 403,
    SlowBody: 408,
    OverLimit: 413,
    UnsupportedBody: 415,
    Unavailable: 503,
}


class NotAcceptable(BadRequest):
    """The client accepts no type that is answered."""

    code = "NOT_ACCEPTABLE"


class WrongMethod(BadRequest):
    """The operation is not answered by this HTTP method."""

    code = "METHOD_NOT_ALLOWED"


@dataclass(frozen=True, slots=True)
class GraphQLEndpoint:
    """Answers `/graphql`. `development` adds the console page and lets viewers introspect."""

    schema: TidemarkSchema
    rooms: Rooms
    authenticate: Authenticate
    correlation: Callable[[Request], str]
    clock: Callable[[], datetime]
    development: bool

    async def answer(self, request: Request) -> Response:
        """One answer to one request; what goes wrong outside of any field has a status of its own."""
        if self.development and request.method in ("GET", "HEAD") and wants_page(request):
            return HTMLResponse(CONSOLE, headers={"Content-Security-Policy": CONSOLE_POLICY})
        media_type = accepted_type(request.headers.get("accept"))
        try:
            caller = await self.authenticate(request)
            if media_type is None:
                raise NotAcceptable(f"Accept {GRAPHQL_RESPONSE} or {JSON_RESPONSE}.")
            asked = await self._read(request)
            scope = self.scope(caller)
            result = await self._execute(asked, scope, by_get=request.method == "GET")
        except TidemarkError as problem:
            return self._refusal(problem, request, media_type or JSON_RESPONSE)
        return _response(result, media_type, scope)

    async def schema_file(self, request: Request) -> Response:
        """The schema as text, for callers who may introspect it."""
        try:
            caller = await self.authenticate(request)
            if not may_introspect(caller.role, development=self.development):
                raise Forbidden("This role may not read the schema.")
        except TidemarkError as problem:
            return self._refusal(problem, request, JSON_RESPONSE)
        return PlainTextResponse(schema_text())

    async def _read(self, request: Request) -> GraphQLRequest:
        if request.method == "POST":
            return await from_body(request, self.rooms.limits)
        if request.method == "GET":
            return from_query(request)
        raise WrongMethod("Send POST, or GET for a query.")

    async def _execute(
        self, asked: GraphQLRequest, scope: Scope, *, by_get: bool
    ) -> ExecutionResult:
        try:
            return await self.schema.execute(
                asked.query,
                variable_values=asked.variables,
                context_value=scope,
                operation_name=asked.operation_name,
                allowed_operation_types=_allowed(by_get=by_get),
            )
        except CannotGetOperationTypeError as problem:
            raise BadRequest(problem.as_http_error_reason(), field="operationName") from None
        except InvalidOperationTypeError as problem:
            kind = problem.operation_type.value
            if by_get:
                raise WrongMethod(f"Send a {kind} by POST.") from None
            raise BadRequest(f"A {kind} is not answered by POST.") from None

    def scope(self, caller: Caller) -> Scope:
        """What the fields of one request work with."""
        return Scope(
            rooms=self.rooms,
            caller=caller,
            now=self.clock(),
            loaders=loaders(self.rooms.answer),
            may_introspect=may_introspect(caller.role, development=self.development),
        )

    def _refusal(self, problem: TidemarkError, request: Request, media_type: str) -> Response:
        body = {"errors": [stated(problem, self.correlation(request))]}
        return Response(
            orjson.dumps(body, default=str),
            status_code=_status(problem),
            headers=_headers(problem),
            media_type=f"{media_type}; charset=utf-8",
        )


def routes(endpoint: GraphQLEndpoint) -> list[BaseRoute]:
    """Where the endpoint is reached. Wrong methods are answered as GraphQL errors."""
    return [
        Route("/graphql", endpoint.answer, methods=_METHODS),
        Route("/graphql/schema", endpoint.schema_file, methods=["GET"]),
    ]


def _allowed(*, by_get: bool) -> tuple[OperationType, ...]:
    return (OperationType.QUERY,) if by_get else (OperationType.QUERY, OperationType.MUTATION)


def _status(problem: TidemarkError) -> int:
    if isinstance(problem, WrongMethod):
        return 405
    if isinstance(problem, NotAcceptable):
        return 406
    return next((code for kind, code in _STATUS.items() if isinstance(problem, kind)), 400)


def _headers(problem: TidemarkError) -> dict[str, str]:
    if isinstance(problem, Unauthenticated):
        return {"WWW-Authenticate": 'Bearer realm="tidemark"'}
    if isinstance(problem, WrongMethod):
        return {"Allow": "GET, POST"}
    if isinstance(problem, Unavailable):
        return {"Retry-After": str(max(1, round(problem.retry_after)))}
    return {}


def _response(result: ExecutionResult, media_type: str, scope: Scope) -> Response:
    """400 marks a request that was not executed, where the client's media type says so by status."""
    body: dict[str, Any] = {}
    executed = result.data is not None or any(error.path for error in result.errors or ())
    if result.errors:
        body["errors"] = formatted(
            result.errors, scope.caller.correlation, suggest=scope.may_introspect
        )
    if executed:
        body["data"] = result.data
    status = 400 if not executed and media_type == GRAPHQL_RESPONSE else 200
    encoded = orjson.dumps(body, option=_ENCODING)
    return Response(encoded, status_code=status, media_type=f"{media_type}; charset=utf-8")
