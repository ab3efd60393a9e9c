"""Errors as answers over plain HTTP: a status, a stable code and the correlation id."""

from starlette.responses import Response

from app.json_response import OrjsonResponse
from domain.errors import (
    Forbidden,
    InvalidInput,
    NotFound,
    OverLimit,
    TidemarkError,
    Unauthenticated,
    Unavailable,
)


class MethodNotAllowed(InvalidInput):
    """The path is known, and not for this HTTP method."""

    code = "METHOD_NOT_ALLOWED"

    def __init__(self, method: str, path: str, allowed: str) -> None:
        super().__init__(f"{method} is not answered at {path}; {allowed} is.", allowed=allowed)
        self.allowed = allowed


_STATUS: tuple[tuple[type[TidemarkError], int], ...] = (
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (OverLimit, 413),
    (MethodNotAllowed, 405),
    (InvalidInput, 400),
    (Unavailable, 503),
)


def refusal(error: Exception, correlation: str) -> Response:
    """The answer to a request that failed. What is no `TidemarkError` is masked."""
    stated = error if isinstance(error, TidemarkError) else TidemarkError("Something went wrong.")
    body = {
        "code": stated.code,
        "message": stated.message,
        "field": stated.field,
        **stated.details,
        "correlationId": correlation,
    }
    kept = {name: value for name, value in body.items() if value is not None}
    return OrjsonResponse({"error": kept}, status_code=_status(stated), headers=_headers(stated))


def _status(error: TidemarkError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def _headers(error: TidemarkError) -> dict[str, str]:
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": 'Bearer realm="tidemark"'}
    if isinstance(error, MethodNotAllowed):
        return {"Allow": error.allowed}
    if isinstance(error, Unavailable):
        return {"Retry-After": str(max(1, round(error.retry_after)))}
    return {}
