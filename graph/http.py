"""GraphQL over HTTP: one operation a request, by POST or (queries alone) by GET."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

import orjson
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Send
from starlette.types import Scope as ASGIScope
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult
from strawberry.types.graphql import OperationType

from domain.callers import Caller
from domain.errors import Forbidden, TidemarkError, Unauthenticated, Unavailable
from domain.limits import check_limit
from domain.policy import may_introspect
from domain.streams import TooManyStreams
from domain.token_bucket import RateLimited
from graph.console import console_file, console_page
from graph.errors import stated
from graph.negotiation import GRAPHQL_RESPONSE, JSON_RESPONSE, accepted_type, header_of, wants_page
from graph.patience import Patience
from graph.persisted import Documents, NoDocuments, PersistedQueryNotFound, text_of
from graph.prepared import Prepared, PreparedRequests, Preparing
from graph.repeats import MARK, VERSION, Repeat
from graph.requests import (
    BadRequest,
    BodyTooLarge,
    GraphQLRequest,
    SlowBody,
    UnsupportedBody,
    body_of,
    from_body,
    from_query,
)
from graph.responses import Answer, Cost, Executed, executed, keepable, kept_response, new_response
from graph.schema import TidemarkSchema, schema_text
from resolvers.kept_answers import Given, KeptAnswers, Made
from resolvers.loaders import loaders
from resolvers.points import Points
from resolvers.scope import Rooms, Scope
from resolvers.tally import Tally

Authenticate = Callable[[Request], Awaitable[Caller]]
"""Who sends a request; raises Unauthenticated."""

_STATUS: Mapping[type[TidemarkError], int] = {
    Unauthenticated: 401,
    Forbidden: 403,
    SlowBody: 408,
    BodyTooLarge: 413,
    UnsupportedBody: 415,
    RateLimited: 429,
    TooManyStreams: 429,
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
    """Answers `/graphql`. `development` adds GraphiQL and lets viewers introspect.

    `kept` None: every answer is made anew. `documents`: what hashes of documents stand for.
    """

    schema: TidemarkSchema
    rooms: Rooms
    authenticate: Authenticate
    correlation: Callable[[HTTPConnection], str]
    clock: Callable[[], datetime]
    points: Points
    development: bool
    kept: KeptAnswers | None = None
    documents: Documents = field(default_factory=NoDocuments)
    _known: PreparedRequests = field(default_factory=PreparedRequests)
    patience: Patience = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "patience", Patience(self.rooms.limits.body_seconds))

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """As an application of its own, which costs less than a function with Starlette around it."""
        response = await self.answer(Request(scope, receive))
        await response(scope, receive, send)

    async def answer(self, request: Request) -> Response | Answer:
        """One answer to one request; what goes wrong outside of any field has a status of its own."""
        if self.development and request.method in ("GET", "HEAD") and wants_page(request):
            return console_page()
        media_type = accepted_type(header_of(request.scope, b"accept"))
        try:
            caller = await self.authenticate(request)
            if media_type is None:
                raise NotAcceptable(f"Accept {GRAPHQL_RESPONSE} or {JSON_RESPONSE}.")
            prepared = await self._prepared(request, caller)
            await self.charge(caller, 1)
            return await self._answered(request, caller, prepared, media_type)
        except TidemarkError as problem:
            return self.refusal(problem, request, media_type or JSON_RESPONSE)

    async def schema_file(self, request: Request) -> Response:
        """The schema as text, for callers who may introspect it."""
        try:
            caller = await self.authenticate(request)
            if not may_introspect(caller.role, development=self.development):
                raise Forbidden("This role may not read the schema.")
        except TidemarkError as problem:
            return self.refusal(problem, request, JSON_RESPONSE)
        return PlainTextResponse(schema_text())

    def scope(self, caller: Caller) -> Scope:
        """What the fields of one request work with."""
        tally = Tally(self.clock())
        return Scope(
            rooms=self.rooms,
            caller=caller,
            now=tally.now,
            loaders=loaders(
                tally.counting(self.rooms.answer), self.rooms.stock, self.rooms.alerts.told
            ),
            may_introspect=may_introspect(caller.role, development=self.development),
            tally=tally,
            points=self.points,
        )

    async def _prepared(self, request: Request, caller: Caller) -> Prepared:
        limits = self.rooms.limits
        if request.method == "POST":
            sent = await body_of(request, limits, self.patience)
        elif request.method == "GET":
            sent = request.scope["query_string"]
        else:
            raise WrongMethod("Send POST, or GET for a query.")
        known = self._known.get(caller.role, request.method, sent)
        if known is None:
            read = from_body if request.method == "POST" else from_query
            known = await self.prepare(read(sent, limits), caller)
            self._known.keep(caller.role, request.method, sent, known)
        return known

    async def prepare(self, asked: GraphQLRequest, caller: Caller) -> Prepared:
        """What there is to know of a request before anything is read."""
        text = await text_of(asked, self.documents)
        introspection = may_introspect(caller.role, development=self.development)
        edition = self.rooms.catalogue.version
        preparing = Preparing(self.schema, self.rooms.limits, edition)
        prepared = preparing.prepared(asked, text, caller.role, introspection=introspection)
        if asked.sha256 is not None and prepared.operation is not None:
            await self.documents.keep(asked.sha256, text)
        return prepared

    async def _answered(
        self, request: Request, caller: Caller, prepared: Prepared, media_type: str
    ) -> Answer:
        """The kept answer or a new one. The first point is paid."""

        async def make() -> Made[Executed]:
            return await self.made(caller, prepared, by_get=request.method == "GET")

        now = self.clock()
        if self.kept is None or prepared.question is None:
            found: Given | Executed = (await make()).answer
        else:
            version = request.scope.get(VERSION)
            found = await self.kept.answered(prepared.question, now, make, version)
        actual = found.actual if isinstance(found, Executed) else 1
        cost = Cost(prepared.cost, actual, self.points.remaining(caller.subject))
        if isinstance(found, Given):
            if prepared.question is not None and not found.stale:
                repeat = Repeat(caller, prepared, prepared.question, media_type)
                request.scope[MARK] = repeat
            return kept_response(found, prepared, media_type, cost, request, now)
        return new_response(found, media_type, cost, request)

    async def made(self, caller: Caller, prepared: Prepared, *, by_get: bool) -> Made[Executed]:
        """A new answer, paid before it is begun; what was not needed is given back."""
        await self.pay(caller, prepared)
        scope = self.scope(caller)
        result = await self._execute(prepared, scope, by_get=by_get)
        answer = executed(result, scope, prepared)
        self.points.refund(caller.subject, prepared.cost - answer.actual)
        keeps = self.kept is not None and prepared.question is not None
        return Made(answer, keepable(result, answer, prepared, scope) if keeps else None)

    async def pay(self, caller: Caller, prepared: Prepared) -> None:
        """Take the price of an operation but for its first point. Raises OverLimit or RateLimited."""
        most = min(self.rooms.limits.cost, self.points.allowance.capacity)
        check_limit(prepared.cost, most, "points", code="TOO_EXPENSIVE")
        await self.charge(caller, prepared.cost - 1)

    async def charge(self, caller: Caller, points: int) -> None:
        """Take points. Raises RateLimited where there are not enough."""
        if points > 0:
            await self.points.charge(caller.subject, points)

    async def _execute(self, prepared: Prepared, scope: Scope, *, by_get: bool) -> ExecutionResult:
        if prepared.compiled is not None and scope.caller.role is prepared.role:
            return await prepared.compiled.execute(scope)
        try:
            return await self.schema.execute(
                prepared.text,
                variable_values=prepared.asked.variables,
                context_value=scope,
                operation_name=prepared.asked.operation_name,
                allowed_operation_types=_allowed(by_get=by_get),
            )
        except CannotGetOperationTypeError as problem:
            raise BadRequest(problem.as_http_error_reason(), field="operationName") from None
        except InvalidOperationTypeError as problem:
            kind = problem.operation_type.value
            if by_get:
                raise WrongMethod(f"Send a {kind} by POST.") from None
            raise BadRequest(
                f"A {kind} is answered over WebSocket, or with Accept: text/event-stream."
            ) from None

    def refusal(self, problem: TidemarkError, request: Request, media_type: str) -> Response:
        """What went wrong outside of any field, with its status."""
        body = {"errors": [stated(problem, self.correlation(request))]}
        return Response(
            orjson.dumps(body, default=str),
            status_code=_status(problem, media_type),
            headers=_headers(problem),
            media_type=f"{media_type}; charset=utf-8",
        )


def routes(endpoint: GraphQLEndpoint) -> list[Route]:
    """Where the endpoint is reached. Wrong methods are answered as GraphQL errors."""
    found = [
        Route("/graphql", endpoint),
        Route("/graphql/schema", endpoint.schema_file, methods=["GET"]),
    ]
    if endpoint.development:
        found.append(Route("/graphql/console/{name}", console_file, methods=["GET"]))
    return found


def _allowed(*, by_get: bool) -> tuple[OperationType, ...]:
    return (OperationType.QUERY,) if by_get else (OperationType.QUERY, OperationType.MUTATION)


def _status(problem: TidemarkError, media_type: str) -> int:
    if isinstance(problem, PersistedQueryNotFound) and media_type == JSON_RESPONSE:
        return 200
    if isinstance(problem, WrongMethod):
        return 405
    if isinstance(problem, NotAcceptable):
        return 406
    return next((code for kind, code in _STATUS.items() if isinstance(problem, kind)), 400)


def _headers(problem: TidemarkError) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if isinstance(problem, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="tidemark"'
    if isinstance(problem, WrongMethod):
        headers["Allow"] = "GET, POST"
    if isinstance(problem, Unavailable | RateLimited):
        headers["Retry-After"] = str(max(1, ceil(problem.retry_after)))
    return headers
