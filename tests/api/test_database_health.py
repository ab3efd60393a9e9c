"""How the database is, in PostgreSQL's own words, over HTTP."""

from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from app.embedded import Wanted, running
from app.home import Home
from db.database_health import database_health
from db.migrate import migrate
from db.pool import open_pool
from db.rollups import roll_all
from db.seal import seal
from tests.api.conftest import Api
from tests.api.demo_events import RANGE, demo_events

QUERY = f"""{{ systemHealth(range: {RANGE}) {{ database {{
  asOf version pool {{ open idle inUse limit use }}
  connections {{ total active idle idleInTransaction waiting limit }}
  latency {{ roundTripMs longestRunningMs meanMs slowestMeanMs calls }}
  bytes cacheHitRatio commits rollbacks deadlocks since
  tables {{ name bytes rows }}
  rollups {{ batches events seconds sealedUntil }} }} }} }}"""


async def test_it_says_how_connections_and_tables_are(api: Api, pool: asyncpg.Pool) -> None:
    await api.store(demo_events())
    async with pool.acquire() as waiting, waiting.transaction():
        await waiting.execute("SELECT 1")
        found = (await api.ask(QUERY)).data["systemHealth"]["database"]
    used = found["pool"]
    assert used["limit"] == 10 and used["inUse"] == used["open"] - used["idle"]
    connections = found["connections"]
    assert connections["idleInTransaction"] == 1 and connections["active"] >= 1
    assert connections["total"] >= sum(
        connections[name] for name in ("active", "idle", "idleInTransaction")
    )
    assert connections["limit"] == 400
    sizes = {each["name"]: each["bytes"] for each in found["tables"]}
    assert sizes["analytics_events"] > 0 and sizes["event_ids"] > 0
    assert not any(name.startswith("analytics_events_") for name in sizes)
    assert sorted(sizes.values(), reverse=True) == list(sizes.values())
    assert found["bytes"] >= sum(sizes.values())
    assert found["latency"]["roundTripMs"] > 0
    assert found["latency"]["meanMs"] is None and found["latency"]["calls"] is None


async def test_the_rollups_lag_until_they_are_rolled(api: Api) -> None:
    events = demo_events()
    await api.store(events)
    behind = (await api.ask(QUERY)).data["systemHealth"]["database"]["rollups"]
    assert (behind["batches"], behind["events"]) == (1, len(events))
    age = (datetime.now(UTC) - api.now).total_seconds()
    assert abs(behind["seconds"] - age) < 60 and behind["sealedUntil"] is None
    await roll_all(api.pool, api.catalogue)
    await seal(api.pool, api.now)
    level = (await api.ask(QUERY)).data["systemHealth"]["database"]["rollups"]
    assert (level["batches"], level["events"], level["seconds"]) == (0, 0, None)
    assert level["sealedUntil"].startswith("2026-03-")


async def test_an_extension_that_is_not_loaded_is_as_good_as_none(api: Api) -> None:
    await api.pool.execute("CREATE EXTENSION pg_stat_statements")
    found = (await api.ask(QUERY)).data["systemHealth"]["database"]["latency"]
    assert found["meanMs"] is None and found["roundTripMs"] > 0


async def test_mean_times_of_statements_are_there_where_the_extension_is(tmp_path: Path) -> None:
    wanted = Wanted(
        valkey=False, postgres_options={"shared_preload_libraries": "pg_stat_statements"}
    )
    with running(Home.at(tmp_path / "home"), wanted) as urls:
        pool = await open_pool(urls["postgres"])
        async with pool.acquire() as connection:
            await migrate(connection)
            await connection.execute("CREATE EXTENSION pg_stat_statements")
            await connection.fetch("SELECT count(*) FROM generate_series(1, 100000)")
        latency = (await database_health(pool)).latency
        await pool.close()
    assert latency.mean is not None and latency.slowest_mean is not None and latency.calls
    assert 0 < latency.mean <= latency.slowest_mean


async def test_a_look_is_one_statement_and_only_when_selected(api: Api) -> None:
    await api.ask(QUERY)
    api.statements.clear()
    await api.ask(QUERY)
    assert len(api.statements) == 1
    assert api.reads == []
