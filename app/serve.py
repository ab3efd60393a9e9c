"""The API process."""

import gc

import uvicorn
from starlette.types import ASGIApp

from app.asgi import open_web
from app.logs import configure_logs
from app.ports import check_port
from app.protocols import HttpProtocol, WebSocketProtocol
from app.settings import Settings
from app.state import open_state
from domain.limits import Limits

_GRACE = 10
_IDLE = 75
_NO_PONG = 20.0

_UNTIL_COLLECTED = 20_000
"""Objects more than before until a collection: answering one dashboard makes thousands, all soon gone."""


async def serve(settings: Settings) -> None:
    """Answer requests until SIGINT or SIGTERM; those that are under way get a few seconds to end.

    Raises ConfigurationError where somebody else listens on the port.
    """
    check_port(settings.host, settings.port)
    configure_logs(settings, "api")
    async with open_state(settings, "api", plan_once=True) as state, open_web(state) as web:
        # The schema and all modules stay: without them a collection takes microseconds, not milliseconds.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_UNTIL_COLLECTED)
        await uvicorn.Server(server_of(web, settings)).serve()


def server_of(web: ASGIApp, settings: Settings) -> uvicorn.Config:
    """How the application is served."""
    return uvicorn.Config(
        web,
        host=settings.host,
        port=settings.port,
        http=HttpProtocol,
        ws=WebSocketProtocol,
        ws_max_size=Limits().body_bytes,
        ws_ping_interval=settings.subscription_keepalive_seconds,
        ws_ping_timeout=_NO_PONG,
        ws_per_message_deflate=False,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=_IDLE,
    )
