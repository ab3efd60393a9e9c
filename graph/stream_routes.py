"""Where streams are reached: the same path as everything else, in front of it."""

from starlette.routing import BaseRoute, Route, WebSocketRoute

from domain.streams import StreamLimits
from graph.admission import Admit, Seats
from graph.event_streams import EventStreams
from graph.http import GraphQLEndpoint
from graph.streams import Streams
from graph.websockets import WebSockets


def stream_routes(
    endpoint: GraphQLEndpoint,
    admit: Admit,
    origins: tuple[str, ...] = (),
    limits: StreamLimits | None = None,
) -> list[BaseRoute]:
    """To be put before the endpoint's own routes: what asks for no stream is passed on to it."""
    allowed = limits or StreamLimits()
    streams, seats = Streams(endpoint), Seats(allowed)
    return [
        Route("/graphql", EventStreams(streams, admit, seats, allowed, origins)),
        WebSocketRoute("/graphql", WebSockets(streams, admit, seats, allowed, origins)),
    ]
