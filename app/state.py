"""What one API or worker process shares: settings, connections and rules, opened once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import structlog
from redis.asyncio import Redis

from app.auth import Authenticator
from app.catalogue_source import read_catalogue
from app.jwks import check_source
from app.located import required
from app.metrics import Metrics
from app.settings import Settings
from app.telemetry import Spans, spans_to
from app.tokens import trust_of
from db.pool import open_pool
from db.redis_client import open_redis
from db.rollup_sets import ensure_catalogue
from domain.catalogue import Catalogue
from domain.grains import LEVEL_NAMES, Grain

log = structlog.get_logger("tidemark")


@dataclass(frozen=True, slots=True)
class AppState:
    """Made by `open_state` and handed to whatever a process runs."""

    settings: Settings
    pool: asyncpg.Pool
    redis: Redis
    catalogue: Catalogue
    authenticator: Authenticator
    metrics: Metrics
    spans: Spans


@asynccontextmanager
async def open_state(
    settings: Settings, process: str, *, plan_once: bool = False
) -> AsyncIterator[AppState]:
    """Connect to PostgreSQL (Redis may come later) and load the catalogue; for `plan_once` see `db.pool`."""
    if settings.jwt_jwks is not None:
        check_source(settings.jwt_jwks)
    spans = spans_to(settings.otel_exporter_otlp_endpoint, f"tidemark-{process}")
    pool = await open_pool(
        required(settings.database_url, "DATABASE_URL"),
        max_size=settings.database_pool_size,
        pgbouncer=settings.database_pgbouncer,
        application_name=f"tidemark-{process}",
        plan_once=plan_once,
        on_statement=spans.statement if settings.otel_exporter_otlp_endpoint else None,
    )
    redis = open_redis(required(settings.redis_url, "REDIS_URL"))
    catalogue = load_catalogue(settings)
    try:
        await _declare(pool, catalogue, settings)
        yield AppState(
            settings=settings,
            pool=pool,
            redis=redis,
            catalogue=catalogue,
            authenticator=Authenticator(pool, trust_of(settings)),
            metrics=Metrics(),
            spans=spans,
        )
    finally:
        await redis.aclose()
        pool.terminate()
        spans.close()


def load_catalogue(settings: Settings) -> Catalogue:
    """The built-in event types and those of CATALOGUE_FILE."""
    return read_catalogue(settings.catalogue_file)


async def _declare(pool: asyncpg.Pool, catalogue: Catalogue, settings: Settings) -> None:
    """Make the rollups hold what the catalogue and the settings say."""
    stale = await ensure_catalogue(pool, catalogue, rollup_grains(settings))
    if stale:
        log.warning("rollups miss what is declared, a worker will rebuild them", types=stale)


def rollup_grains(settings: Settings) -> list[Grain]:
    """The grains above the base that are summed up ahead."""
    return [LEVEL_NAMES[level] for level in settings.analytics_aggregation_levels]
