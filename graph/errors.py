"""Errors as the caller sees them: a stable code, the path, and nothing from the inside."""

from collections.abc import Iterable
from typing import Any

import orjson
import structlog
from graphql import GraphQLError, GraphQLSyntaxError

from domain.errors import InvalidInput, TidemarkError, Unavailable

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
BAD_REQUEST = "BAD_REQUEST"

_SUGGESTION = " Did you mean "
_log = structlog.get_logger("tidemark.graph")


def formatted(
    errors: Iterable[GraphQLError], correlation_id: str, *, suggest: bool
) -> list[dict[str, Any]]:
    """The `errors` of a response. Without `suggest` no message guesses at names of the schema."""
    return [format_error(error, correlation_id, suggest=suggest) for error in errors]


def format_error(error: GraphQLError, correlation_id: str, *, suggest: bool) -> dict[str, Any]:
    """One error: known ones say what is wrong, any other is logged and masked."""
    cause = root_cause(error)
    if isinstance(cause, Unavailable):
        _log.warning("unavailable", path=error.path, exc_info=cause, correlation_id=correlation_id)
    if isinstance(cause, TidemarkError):
        message, extensions = _stated(error, cause), stated_extensions(cause, correlation_id)
    elif isinstance(cause, GraphQLError):
        message = error.message if suggest else error.message.partition(_SUGGESTION)[0]
        extensions = {"code": _graphql_code(error), "correlationId": correlation_id}
    else:
        _log.error("field_failed", path=error.path, exc_info=cause, correlation_id=correlation_id)
        message = f"Something went wrong here; ask with correlation id {correlation_id}."
        extensions = {"code": "INTERNAL", "correlationId": correlation_id}
    return _placed(error, message, extensions)


def stated_extensions(error: TidemarkError, correlation_id: str) -> dict[str, Any]:
    """The extensions of an error that is meant for the caller."""
    field = {} if error.field is None else {"field": error.field}
    return {"code": error.code, **field, **error.details, "correlationId": correlation_id}


def stated(error: TidemarkError, correlation_id: str) -> dict[str, Any]:
    """An error outside of any field."""
    return {"message": error.message, "extensions": stated_extensions(error, correlation_id)}


def said(error: Exception, correlation_id: str) -> str:
    """An error that ends a stream, as a JSON list; one that nobody expected is logged and masked."""
    if isinstance(error, TidemarkError):
        shown = stated(error, correlation_id)
    else:
        shown = format_error(GraphQLError("", original_error=error), correlation_id, suggest=False)
    return orjson.dumps([shown], default=str).decode()


def root_cause(error: BaseException) -> BaseException:
    """The error that GraphQL wrapped, however often."""
    while isinstance(error, GraphQLError) and error.original_error is not None:
        error = error.original_error
    return error


def _stated(error: GraphQLError, cause: TidemarkError) -> str:
    """Errors of a literal or variable keep the prefix that says which one."""
    return cause.message if error.path is not None else error.message


def _graphql_code(error: GraphQLError) -> str:
    if isinstance(error, GraphQLSyntaxError):
        return PARSE_FAILED
    return VALIDATION_FAILED if error.path is None else InvalidInput.code


def _placed(error: GraphQLError, message: str, extensions: dict[str, Any]) -> dict[str, Any]:
    placed: dict[str, Any] = {"message": message}
    if error.locations:
        placed["locations"] = [place.formatted for place in error.locations]
    if error.path is not None:
        placed["path"] = error.path
    placed["extensions"] = extensions
    return placed
