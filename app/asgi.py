"""The web application: all routes behind one edge."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from app.again import Again
from app.answers import Answering, open_answering
from app.auth import credentials_in
from app.bell import Bell
from app.correlation import correlation_of
from app.edge import Edge
from app.ingest import open_ingest
from app.ingest_http import EventsEndpoint, ingest_routes
from app.paths import Paths
from app.probes_http import probe_routes
from app.prometheus import Prometheus, Sources, open_prometheus
from app.refusals import MethodNotAllowed
from app.request_body import BodyLimits
from app.settings import Settings
from app.state import AppState
from app.streams import open_streams
from app.telemetry import NoSpans
from db.alert_bell import announce, announce_due
from db.doorbell import ROLLUPS
from db.pubsub import CHANGED
from domain.callers import Caller
from domain.clock import Weekday
from domain.errors import NotFound
from domain.streams import StreamLimits
from graph.http import GraphQLEndpoint, routes
from graph.schema import schema
from resolvers.alert_room import AlertRoom
from resolvers.ingest import Ingest
from resolvers.rooms import open_rooms

_CORS_HEADERS = (
    "Authorization",
    "Content-Type",
    "Last-Event-ID",
    "X-API-Key",
    "X-Correlation-ID",
)
_CORS_SHOWN = ("X-Correlation-ID", "Retry-After", "ETag")
_HOUR = 3600


@asynccontextmanager
async def open_web(state: AppState, limits: StreamLimits | None = None) -> AsyncIterator[ASGIApp]:
    """The application of a process; it needs no lifespan of its own."""
    bell = Bell(state.redis, ROLLUPS, CHANGED)
    async with (
        open_ingest(state, _now, bell) as ingest,
        open_answering(state) as answering,
        open_prometheus(_sources(state.settings)) as prometheus,
    ):
        endpoint = _graphql(state, ingest, answering, prometheus)
        async with open_streams(state, endpoint, limits) as streams:
            own = _routes(state, ingest, endpoint)
            app: ASGIApp = Paths([*streams, *own], default=_not_found)
            again = _again(state, endpoint, answering)
            behind = _with_cors(app, state.settings.cors_origins)
            yield Edge(behind, state.metrics, state.spans, again)


@dataclass(frozen=True, slots=True)
class _OtherMethods:
    """Refuses, in words, what another route does not answer. An application, as it takes any method."""

    allowed: str

    @classmethod
    def of(cls, route: Route) -> Route:
        """The route behind the other one."""
        return Route(route.path, cls(", ".join(sorted(route.methods or ()))))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse."""
        raise MethodNotAllowed(scope["method"], scope["path"], self.allowed)


def _routes(state: AppState, ingest: Ingest, endpoint: GraphQLEndpoint) -> list[BaseRoute]:
    limits = BodyLimits(max_bytes=state.settings.ingest_max_body_bytes)
    events = EventsEndpoint(ingest, state.authenticator, _now, limits)
    found = [*routes(endpoint), *ingest_routes(events), *probe_routes(state)]
    if state.settings.environment == "development":
        found.append(Route("/", _to_graphiql, methods=["GET"]))
    return [*found, *(_OtherMethods.of(each) for each in found if each.methods)]


def _again(state: AppState, endpoint: GraphQLEndpoint, answering: Answering) -> Again | None:
    """None where nothing is kept, or where each request has a span."""
    if answering.kept is None or not isinstance(state.spans, NoSpans):
        return None
    return Again(
        endpoint,
        answering.kept,
        state.authenticator,
        state.metrics.requests,
        cors=bool(state.settings.cors_origins),
    )


async def _to_graphiql(request: Request) -> Response:
    return RedirectResponse("/graphql")


def _sources(settings: Settings) -> Sources:
    return Sources(
        targets=settings.prometheus_targets,
        server=settings.prometheus_url,
        histogram=settings.prometheus_histogram,
        fresh=settings.cache_realtime_ttl_seconds,
    )


def _graphql(
    state: AppState, ingest: Ingest, answering: Answering, prometheus: Prometheus
) -> GraphQLEndpoint:
    settings = state.settings

    async def authenticate(request: Request) -> Caller:
        given = credentials_in(request.scope)
        return await state.authenticator.authenticate(given, correlation_of(request))

    return GraphQLEndpoint(
        schema=schema(),
        rooms=open_rooms(
            state.pool,
            state.catalogue,
            ingest.record,
            alerts=AlertRoom(
                state.pool,
                partial(announce, state.redis),
                partial(announce_due, state.redis),
            ),
            week_start=Weekday[settings.week_start.upper()],
            raw_days=settings.raw_retention_days,
            funnel_window=settings.funnel_window,
            realtime=prometheus.realtime,
        ),
        authenticate=authenticate,
        correlation=correlation_of,
        clock=_now,
        points=answering.points,
        kept=answering.kept,
        documents=answering.documents,
        development=settings.environment == "development",
    )


def _with_cors(app: ASGIApp, origins: tuple[str, ...]) -> ASGIApp:
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=("GET", "POST"),
        allow_headers=_CORS_HEADERS,
        expose_headers=_CORS_SHOWN,
        max_age=_HOUR,
    )


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await WebSocketClose()(scope, receive, send)
        return
    raise NotFound(f"There is nothing at {scope['path']}.")


def _now() -> datetime:
    return datetime.now(UTC)
