"""`/health`, `/ready` and `/metrics`: open to all, and telling nothing that is secret."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime

import asyncpg
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.json_response import OrjsonResponse
from app.state import AppState
from db.heartbeats import alive
from db.outage import LOST
from db.probes import ask_postgres, ask_redis, backlog, tail

_PATIENCE = 2.0
_DOWN = (asyncpg.PostgresError, *LOST, RedisError, TimeoutError)

log = structlog.get_logger("tidemark.probes")


class NoWorker(OSError):
    """No worker was heard of lately."""


def probe_routes(state: AppState) -> list[Route]:
    """The three routes."""

    async def health(request: Request) -> Response:
        return OrjsonResponse({"status": "ok"})

    async def ready(request: Request) -> Response:
        parts = await _parts(state)
        ok = all(parts.values())
        body = {
            "status": "ready" if ok else "not ready",
            **{name: "ok" if up else "down" for name, up in parts.items()},
        }
        return OrjsonResponse(body, status_code=200 if ok else 503)

    async def metrics(request: Request) -> Response:
        await _observe(state)
        return Response(generate_latest(state.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/health", health, methods=["GET"]),
        Route("/ready", ready, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
    ]


async def _parts(state: AppState) -> dict[str, bool]:
    """Whether each part answers, asked all at once."""
    asked = {
        "postgres": ask_postgres(state.pool),
        "redis": ask_redis(state.redis),
        "worker": _ask_worker(state),
    }
    answers = await asyncio.gather(*(_answers(name, ask) for name, ask in asked.items()))
    return dict(zip(asked, answers, strict=True))


async def _ask_worker(state: AppState) -> None:
    if not await alive(state.redis, datetime.now(UTC)):
        raise NoWorker


async def _answers(part: str, ask: Awaitable[None]) -> bool:
    try:
        await asyncio.wait_for(ask, _PATIENCE)
    except _DOWN as error:
        log.warning("not ready", part=part, error=repr(error))
        return False
    return True


async def _observe(state: AppState) -> None:
    state.metrics.observe_pool(state.pool)
    for part, up in (await _parts(state)).items():
        state.metrics.observe_part(part, up=up)
    try:
        behind = await asyncio.wait_for(tail(state.pool), _PATIENCE)
        since = behind.oldest
        age = (datetime.now(UTC) - since).total_seconds() if since is not None else 0.0
        state.metrics.observe_tail(behind, max(age, 0.0))
        state.metrics.observe_backlog(await asyncio.wait_for(backlog(state.pool), _PATIENCE))
    except _DOWN:
        return
