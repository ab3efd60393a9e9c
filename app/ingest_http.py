"""`POST /v1/events`: events in bulk, as a JSON array, one JSON object, or a JSON object a line."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import lru_cache

import orjson
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.auth import Authenticator, credentials_in
from app.refusals import refusal
from app.request_body import BodyBudget, BodyLimits, SlowBody, UnsupportedMedia, read_body
from domain.callers import Caller
from domain.errors import InvalidInput
from domain.events import Receipt
from graph.patience import Patience
from graph.responses import Answer
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
    patience: Patience = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "patience", Patience(self.limits.chunk_timeout))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As an application of its own, which costs less than a function with Starlette around it."""
        response = await self.post(scope, receive)
        await response(scope, receive, send)

    async def post(self, scope: Scope, receive: Receive) -> Response | Answer:
        """Answer 200 with a receipt once what it accepts is committed."""
        correlation = str(scope["correlation"])
        caller = await self.authenticator.authenticate(credentials_in(scope), correlation)
        check_may_record(caller)
        try:
            receipt = await self._record(scope, receive, caller)
        except (UnsupportedMedia, SlowBody) as problem:
            return _refusal(problem, correlation)
        except ClientDisconnect:
            return Response(status_code=_TIMEOUT)
        return _answer(receipt)

    async def _record(self, scope: Scope, receive: Receive, caller: Caller) -> Receipt:
        headers = dict(reversed(scope["headers"]))
        layout = _layout(headers.get(b"content-type", b""))
        self.ingest.check_room(0)
        with self.budget.share() as held:
            body = await read_body(receive, headers, self.limits, held, self.patience)
            return await self.ingest.record_body(body, layout, caller, self.clock())


def ingest_routes(endpoint: EventsEndpoint) -> list[Route]:
    """The route of bulk ingest."""
    return [Route("/v1/events", endpoint, methods=["POST"])]


@lru_cache(maxsize=256)
def _layout(content_type: bytes) -> Layout:
    given, _, parameters = content_type.decode("latin-1").lower().partition(";")
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


def _answer(receipt: Receipt) -> Answer:
    shown = {
        "accepted": receipt.accepted,
        "duplicates": receipt.duplicates,
        "rejected": [asdict(each) for each in receipt.rejected],
    }
    body = orjson.dumps(shown, default=str, option=orjson.OPT_UTC_Z)
    length = str(len(body)).encode()
    return Answer(200, [(b"content-length", length), (b"content-type", b"application/json")], body)
