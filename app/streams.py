"""What streams need that goes on beside requests: hints from Redis, and the watch over tokens and keys."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.routing import BaseRoute, Route, WebSocketRoute

from app.settings import Settings
from app.state import AppState
from app.vigil import Vigil
from db.alert_bell import HAPPENED
from db.pubsub import CHANGED, listen
from domain.streams import StreamLimits
from graph.admission import Seats
from graph.event_streams import EventStreams
from graph.http import GraphQLEndpoint
from graph.streams import Streams
from graph.websockets import WebSockets


@asynccontextmanager
async def open_streams(
    state: AppState, endpoint: GraphQLEndpoint, limits: StreamLimits | None = None
) -> AsyncIterator[list[BaseRoute]]:
    """The routes of streams, for as long as these go on."""
    room = endpoint.rooms.streams
    vigil = Vigil(state.pool, state.authenticator)
    wakes = {HAPPENED: room.wake_alerts, CHANGED: room.changes.wake}
    beside = [
        asyncio.create_task(listen(state.redis, wakes)),
        asyncio.create_task(vigil.keep()),
    ]
    try:
        allowed = limits or limits_of(state.settings)
        yield _routes(endpoint, vigil, state.settings.cors_origins, allowed)
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


def limits_of(settings: Settings) -> StreamLimits:
    """What streams may take by the settings."""
    return StreamLimits(
        per_caller=settings.subscriptions_per_caller,
        per_process=settings.subscription_connections,
        keepalive_seconds=settings.subscription_keepalive_seconds,
    )


def _routes(
    endpoint: GraphQLEndpoint, vigil: Vigil, origins: tuple[str, ...], limits: StreamLimits
) -> list[BaseRoute]:
    """To be put before the endpoint's own routes: what asks for no stream is passed on to it."""
    streams, seats = Streams(endpoint), Seats(limits)
    return [
        Route("/graphql", EventStreams(streams, vigil.admit, seats, limits, origins)),
        WebSocketRoute("/graphql", WebSockets(streams, vigil.admit, seats, limits, origins)),
    ]
