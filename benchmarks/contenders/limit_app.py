"""What no GraphQL server can beat: hand-written SQL over the same rollups, and constant bytes.

Run as `uvicorn benchmarks.contenders.limit_app:app` with DATABASE_URL. Starlette and nothing more.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.contenders.limit_dashboard import Dashboard
from benchmarks.generate import POINT_TYPE
from db.rollup_columns import whole_sketch
from domain import distinct

CONSTANT = orjson.dumps({"data": {"summary": {"totalEvents": 1_000_000, "uniqueUsers": 100_000}}})
LONG_CONSTANT = orjson.dumps({"data": {"dashboard": [1_000_000] * 500}})
"""About as long as the answer to a whole dashboard."""

SUMMARY_SQL = f"""
SELECT NULL AS event_type, sum(count)::bigint AS count, array_agg({whole_sketch("users")}) AS users
FROM rollups r WHERE set_id = $1 AND part = 0 AND (
    grain = 10080 AND bucket >= $4 AND bucket < $5
    OR grain = 1440 AND bucket >= $3 AND bucket < $4
    OR grain = 1440 AND bucket >= $5 AND bucket < $6)
UNION ALL
SELECT d1, sum(count)::bigint, NULL
FROM rollups WHERE set_id = $2 AND part = 0 AND (
    grain = 10080 AND bucket >= $4 AND bucket < $5
    OR grain = 1440 AND bucket >= $3 AND bucket < $4
    OR grain = 1440 AND bucket >= $5 AND bucket < $6)
GROUP BY d1
"""
TIMESERIES_SQL = f"""
SELECT bucket, count, {whole_sketch("users")} AS users FROM rollups r
WHERE set_id = $1 AND part = 0 AND grain = 1440 AND bucket >= $2 AND bucket < $3 ORDER BY bucket
"""
SERIES_SQL = """
SELECT json_build_object(
    'start', json_agg(bucket ORDER BY bucket), 'count', json_agg(count ORDER BY bucket)
)::text
FROM rollups WHERE set_id = $1 AND part = 0 AND grain = 15 AND bucket >= $2 AND bucket < $3
"""
SET_SQL = """
SELECT id FROM rollup_sets WHERE event_type = $1 AND dimensions = $2 AND state = 'active'
"""


def span(request: Request) -> tuple[datetime, datetime]:
    """The range that is asked for."""
    query = request.query_params
    start, end = datetime.fromisoformat(query["from"]), datetime.fromisoformat(query["to"])
    return start.astimezone(UTC), end.astimezone(UTC)


def by_weeks(start: datetime, end: datetime) -> tuple[datetime, datetime, datetime, datetime]:
    """Whole days cut where their whole weeks begin and end."""
    first = start + timedelta(days=-start.weekday() % 7)
    last = end - timedelta(days=end.weekday())
    return start, first, last, end


def json_response(value: object) -> Response:
    """A value as JSON."""
    return Response(orjson.dumps(value), media_type="application/json")


async def constant(request: Request) -> Response:
    """The same bytes each time."""
    return Response(CONSTANT, media_type="application/json")


async def long_constant(request: Request) -> Response:
    """The same bytes each time, more of them."""
    return Response(LONG_CONSTANT, media_type="application/json")


async def dashboard(request: Request) -> Response:
    """All parts of the dashboard, from one statement."""
    state, query = request.app.state, request.query_params
    start, half, day, end = (
        datetime.fromisoformat(query[name]).astimezone(UTC)
        for name in ("from", "half", "day", "to")
    )
    spans = {
        "whole": by_weeks(start, end),
        "half": by_weeks(half, end),
        "before": by_weeks(start, half),
    }
    return json_response(await state.dashboard.ask(state.pool, spans, day))


async def summary(request: Request) -> Response:
    """Total, unique users and events by type, from the rollups by week and day."""
    state = request.app.state
    rows = await state.pool.fetch(
        SUMMARY_SQL, state.all_set, state.type_set, *by_weeks(*span(request))
    )
    total = next(row for row in rows if row["users"] is not None)
    by_type = [
        {"eventType": row["event_type"], "count": row["count"]}
        for row in rows
        if row["users"] is None
    ]
    return json_response(
        {
            "totalEvents": total["count"],
            "uniqueUsers": distinct.count(total["users"]).value,
            "eventsByType": by_type,
        }
    )


async def timeseries(request: Request) -> Response:
    """Events and unique users of each day, as columns."""
    state = request.app.state
    rows = await state.pool.fetch(TIMESERIES_SQL, state.all_set, *span(request))
    return json_response(
        {
            "start": [row["bucket"] for row in rows],
            "count": [row["count"] for row in rows],
            "uniqueUsers": [distinct.count([row["users"]]).value for row in rows],
        }
    )


async def series(request: Request) -> Response:
    """A long series as columns that PostgreSQL renders itself."""
    state = request.app.state
    text = await state.pool.fetchval(SERIES_SQL, state.point_set, *span(request))
    return Response(text, media_type="application/json")


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Open the pool and look up which rollup sets to read."""
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=4, max_size=10) as pool:
        app.state.pool = pool
        app.state.all_set = await pool.fetchval(SET_SQL, "*", [])
        app.state.type_set = await pool.fetchval(SET_SQL, "*", ["eventType"])
        app.state.point_set = await pool.fetchval(SET_SQL, POINT_TYPE, [])
        app.state.dashboard = await Dashboard.of(pool)
        yield


app = Starlette(
    routes=[
        Route("/constant", constant),
        Route("/constant-long", long_constant),
        Route("/dashboard", dashboard),
        Route("/summary", summary),
        Route("/timeseries", timeseries),
        Route("/series", series),
    ],
    lifespan=lifespan,
)
