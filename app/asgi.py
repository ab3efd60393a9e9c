"""The web application: all routes behind one edge."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from app.edge import Edge
from app.probes_http import probe_routes
from app.state import AppState

_CORS_HEADERS = ("Authorization", "Content-Type", "X-API-Key", "X-Correlation-ID")
_CORS_SHOWN = ("X-Correlation-ID", "Retry-After", "ETag")
_HOUR = 3600


def web_application(state: AppState) -> ASGIApp:
    """The application of a process; the state outlives it, so that it needs no lifespan of its own."""
    app = Starlette(routes=_routes(state), middleware=_middleware(state))
    return Edge(app, state.metrics, state.spans)


def _routes(state: AppState) -> list[BaseRoute]:
    return [*probe_routes(state)]


def _middleware(state: AppState) -> list[Middleware]:
    if not state.settings.cors_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=state.settings.cors_origins,
            allow_methods=("GET", "POST"),
            allow_headers=_CORS_HEADERS,
            expose_headers=_CORS_SHOWN,
            max_age=_HOUR,
        )
    ]
