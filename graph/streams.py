"""Operations over transports that stream: subscriptions event by event, others as a stream of one result."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, cast

import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
    Executor,
    GraphQLError,
    OperationType,
    create_source_event_stream,
)

from domain.callers import Caller
from domain.token_bucket import RateLimited
from graph.documents import checked
from graph.errors import formatted
from graph.happenings import Happening, Source
from graph.http import GraphQLEndpoint
from graph.prepared import Prepared
from graph.requests import GraphQLRequest
from graph.responses import ENCODING, Executed
from graph.shared_results import SharedResults, question_key
from resolvers.scope import Scope


class Refused(Exception):
    """An operation that was not begun; `errors` is a JSON list as in a response."""

    def __init__(self, errors: str) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Result:
    """A response as JSON, and the cursor after which a stream goes on, if it has any."""

    body: str
    cursor: str | None = None


Results = AsyncGenerator[Result, None]


@dataclass(frozen=True, slots=True)
class Opened:
    """The results, to be closed. `start` is the cursor after which they begin, if there is one."""

    results: Results
    start: str | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """What a transport asks for. `resume` is the cursor that it names, before the operation's own."""

    asked: GraphQLRequest
    caller: Caller
    resume: str | None = None
    by_get: bool = False


@dataclass(frozen=True, slots=True)
class Streams:
    """Opens operations as streams of results."""

    endpoint: GraphQLEndpoint
    shared: SharedResults = field(default_factory=SharedResults)

    async def is_followed(self, asked: GraphQLRequest, caller: Caller) -> bool:
        """Whether the request is a subscription."""
        return _is_followed(await self.endpoint.prepare(asked, caller))

    async def open(self, opening: Opening) -> Opened:
        """Begin. Raises TidemarkError or Refused."""
        caller = opening.caller
        prepared = await self.endpoint.prepare(opening.asked, caller)
        await self.endpoint.charge(caller, 1)
        document = self._document(prepared, self.endpoint.scope(caller))
        if not _is_followed(prepared):
            made = await self.endpoint.made(caller, prepared, by_get=opening.by_get)
            return Opened(_once(made.answer))
        await self.endpoint.pay(caller, prepared)
        scope = replace(self.endpoint.scope(caller), resume_after=opening.resume)
        executor = self._executor(document, opening.asked, scope)
        source = await _source(executor, scope)
        stream = _Stream(self, prepared, caller, executor, question_key(prepared, caller.role))
        return Opened(stream.results(source), source.start)

    def _document(self, prepared: Prepared, scope: Scope) -> DocumentNode:
        found = checked(
            self.endpoint.schema._schema,
            prepared.text,
            scope.limits,
            introspection=scope.may_introspect,
        )
        if found.document is None or found.errors:
            raise _refused(list(found.errors), scope)
        return found.document

    def _executor(
        self, document: DocumentNode, asked: GraphQLRequest, scope: Scope
    ) -> Executor[Any]:
        built = Executor.build(
            self.endpoint.schema._schema,
            document,
            context_value=scope,
            raw_variable_values=asked.variables,
            operation_name=asked.operation_name,
            hide_suggestions=not scope.may_introspect,
        )
        if isinstance(built, list):
            raise _refused(built, scope)
        return built


@dataclass(frozen=True, slots=True)
class _Stream:
    """One subscription under way."""

    streams: Streams
    prepared: Prepared
    caller: Caller
    executor: Executor[Any]
    key: bytes

    async def results(self, source: Source) -> Results:
        first = True
        async with aclosing(source.happenings) as happenings:
            async for happening in happenings:
                body = await self._body(happening, free=first or not happening.priced)
                yield Result(body, happening.cursor)
                first = False

    async def _body(self, happening: Happening, *, free: bool) -> str:
        """The answer to one event; without points for it, as soon as there are some."""
        pay = partial(self.streams.endpoint.charge, self.caller, self.prepared.cost)
        key = (self.key, happening.key)
        while True:
            try:
                make = partial(self._executed, happening)
                return await self.streams.shared.of(key, make, None if free else pay)
            except RateLimited as problem:
                await asyncio.sleep(problem.retry_after)

    async def _executed(self, happening: Happening) -> str:
        scope = self.streams.endpoint.scope(self.caller)
        executor = self.executor.build_per_event_executor(happening.show())
        executor.context_value = scope
        result: Any = executor.execute_operation(False)
        if executor.is_awaitable(result):
            result = await result
        return _body(cast("ExecutionResult", result), scope)


def _is_followed(prepared: Prepared) -> bool:
    operation = prepared.operation
    return operation is not None and operation.kind is OperationType.SUBSCRIPTION


async def _source(executor: Executor[Any], scope: Scope) -> Source:
    found = create_source_event_stream(executor)
    opened: Any = await found if executor.is_awaitable(found) else found
    if isinstance(opened, ExecutionResult):
        raise _refused(opened.errors or [], scope)
    assert isinstance(opened, Source)
    return opened


async def _once(answer: Executed) -> Results:
    if answer.data is None:
        raise Refused((answer.errors or b"[]").decode())
    errors = b"" if answer.errors is None else b'"errors":%b,' % answer.errors
    yield Result((b'{%b"data":%b}' % (errors, answer.data)).decode())


def _refused(errors: list[GraphQLError], scope: Scope) -> Refused:
    return Refused(_errors(errors, scope).decode())


def _body(result: ExecutionResult, scope: Scope) -> str:
    errors = b'"errors":%b,' % _errors(result.errors, scope) if result.errors else b""
    return (b'{%b"data":%b}' % (errors, orjson.dumps(result.data, option=ENCODING))).decode()


def _errors(errors: list[GraphQLError], scope: Scope) -> bytes:
    shown = formatted(errors, scope.caller.correlation, suggest=scope.may_introspect)
    return orjson.dumps(shown, option=ENCODING)
