"""`POST /v1/events`: events in bulk, as a JSON array, one JSON object, or a JSON object a line."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from app.auth import Authenticator
from app.correlation import correlation_of
from app.json_response import OrjsonResponse
from app.refusals import refusal
from app.request_body import BodyBudget, BodyLimits, SlowBody, UnsupportedMedia, read_body
from domain.callers import Caller
from domain.errors import InvalidInput
from domain.events import Receipt
from resolvers.ingest import Ingest, Layout, check_may_record

_LAYOUTS = {
    "application/json": Layout.JSON,
    "application/x-ndjson": Layout.LINES,
    "application/ndjson": Layout.LINES,
    "application/jsonl": Layout.LINES,
}
_UNSUPPORTED = 415
_TIMEOUT = 408


@dataclass(frozen=True, slots=True)
class EventsEndpoint:
    """The endpoint with what it needs; `clock` tells when a request came."""

    ingest: Ingest
    authenticator: Authenticator
    clock: Callable[[], datetime]
    limits: BodyLimits = field(default_factory=BodyLimits)
    budget: BodyBudget = field(default_factory=BodyBudget)

    async def post(self, request: Request) -> Response:
        """Answer 200 with a receipt once what it accepts is committed."""
        correlation = correlation_of(request)
        caller = await self.authenticator.authenticate(request.headers, correlation)
        check_may_record(caller)
        try:
            receipt = await self._record(request, caller)
        except (UnsupportedMedia, SlowBody) as problem:
            return _refusal(problem, correlation)
        except ClientDisconnect:
            return Response(status_code=_TIMEOUT)
        return OrjsonResponse(_shown(receipt))

    async def _record(self, request: Request, caller: Caller) -> Receipt:
        layout = _layout(request)
        self.ingest.check_room(0)
        with self.budget.share() as held:
            body = await read_body(request, self.limits, held)
            return await self.ingest.record_body(body, layout, caller, self.clock())


def ingest_routes(endpoint: EventsEndpoint) -> list[Route]:
    """The route of bulk ingest."""
    return [Route("/v1/events", endpoint.post, methods=["POST"])]


def _layout(request: Request) -> Layout:
    given, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    layout = _LAYOUTS.get(given.strip())
    charset = parameters.strip().removeprefix("charset=").strip('"')
    if charset not in ("", "utf-8"):
        raise UnsupportedMedia(
            f"The charset {charset!r} is not read here; events are in UTF-8.",
            field="Content-Type",
            valid=["utf-8"],
        )
    if layout is None:
        valid = sorted(_LAYOUTS)
        raise UnsupportedMedia(
            f"Content-Type {given.strip() or 'none'!r} is not read here."
            f" Valid: {', '.join(valid)}.",
            field="Content-Type",
            valid=valid,
        )
    return layout


def _refusal(problem: InvalidInput, correlation: str) -> Response:
    """A body that stays unread ends the connection, for the next request would begin inside it."""
    answer = refusal(problem, correlation)
    answer.status_code = _TIMEOUT if isinstance(problem, SlowBody) else _UNSUPPORTED
    answer.headers["Connection"] = "close"
    return answer


def _shown(receipt: Receipt) -> dict[str, object]:
    return {
        "accepted": receipt.accepted,
        "duplicates": receipt.duplicates,
        "rejected": [asdict(each) for each in receipt.rejected],
    }
