"""What a process needs to answer questions beside the database: points, kept answers, documents."""

import hashlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app.located import required
from app.settings import Settings
from app.state import AppState
from db.answer_cache import AnswerCache
from db.data_version import DataVersion, VersionReader
from db.persisted_documents import PersistedDocuments
from db.pool import open_pool
from db.rate_limit import RateLimit
from db.redis_patience import Patience
from domain.errors import ConfigurationError
from domain.freshness import Ages
from domain.token_bucket import Allowance
from graph.persisted import Documents, TrustedDocuments
from resolvers.kept_answers import KeptAnswers
from resolvers.points import Points


@dataclass(frozen=True, slots=True)
class Answering:
    """`kept` None: every answer is made anew."""

    points: Points
    kept: KeptAnswers | None
    documents: Documents


@asynccontextmanager
async def open_answering(state: AppState) -> AsyncIterator[Answering]:
    """The data version has a connection of its own, so that no slow question holds up kept answers."""
    settings = state.settings
    patience = Patience()
    pool = await open_pool(
        required(settings.database_url, "DATABASE_URL"),
        max_size=1,
        pgbouncer=settings.database_pgbouncer,
        application_name="tidemark-version",
    )
    cache = AnswerCache(state.redis, settings.cache_ttl_seconds, patience)
    version = DataVersion(VersionReader(pool))
    allowance = Allowance(settings.rate_limit_capacity, settings.rate_limit_per_second)
    try:
        yield Answering(
            points=RateLimit(state.redis, allowance, time.time),
            kept=KeptAnswers(cache, version, ages_of(settings)) if settings.cache_enabled else None,
            documents=_documents(state, patience),
        )
        await cache.settled()
    finally:
        pool.terminate()


def ages_of(settings: Settings) -> Ages:
    """For how long answers are kept."""
    return Ages(
        realtime=settings.cache_realtime_ttl_seconds,
        metrics=settings.cache_metrics_ttl_seconds,
        dashboard=settings.cache_dashboard_ttl_seconds,
        outage=settings.cache_ttl_seconds,
    )


def read_trusted(path: Path) -> TrustedDocuments:
    """The documents of a JSON file `{"<sha256>": "<document>"}`; each hash must be that of its text."""
    try:
        given = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise _wrong(path, f"cannot be read: {problem}") from None
    if not isinstance(given, dict) or not given:
        raise _wrong(path, "is no JSON object of documents by their SHA-256")
    for sha256, text in given.items():
        if not isinstance(text, str) or hashlib.sha256(text.encode()).hexdigest() != sha256:
            raise _wrong(path, f"has a document under {sha256!r}, which is not its SHA-256")
    return TrustedDocuments(given)


def _documents(state: AppState, patience: Patience) -> Documents:
    if state.settings.trusted_documents is not None:
        return read_trusted(state.settings.trusted_documents)
    return PersistedDocuments(state.redis, patience)


def _wrong(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(f"TRUSTED_DOCUMENTS={path}: {why}.", field="TRUSTED_DOCUMENTS")
