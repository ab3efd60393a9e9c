"""What streams need that goes on beside requests: hints from Redis, and the watch over tokens and keys."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.routing import BaseRoute

from app.state import AppState
from app.vigil import Vigil
from db.alert_bell import HAPPENED
from db.pubsub import CHANGED, listen
from domain.streams import StreamLimits
from graph.http import GraphQLEndpoint
from graph.stream_routes import stream_routes


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
        yield stream_routes(endpoint, vigil.admit, state.settings.cors_origins, limits)
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
