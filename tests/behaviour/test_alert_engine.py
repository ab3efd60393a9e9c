"""Alert evaluations: once a slot over any number of workers, in few statements, none stopped by another."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from asyncpg.connection import LoggedQuery

from db.alert_configs import create_config
from db.alert_history import events_since
from db.alert_reading import READS_A_STATEMENT
from db.alert_states import look
from db.analytics import answer
from db.internal_alerts import MISSED
from db.pool import open_pool
from db.rollup_sets import ensure_catalogue
from domain.alert_documents import parse_config
from domain.builtin import BUILTIN
from domain.catalogue import catalogue_of
from domain.grains import Grain
from domain.questions import Read
from tests.timeline import MINUTE, REQUESTS, START, World
from workers.alerts import Engine, evaluate_due, watch_evaluations


@pytest.fixture
async def world(pool: asyncpg.Pool) -> AsyncIterator[World]:
    catalogue = catalogue_of(BUILTIN)
    await ensure_catalogue(pool, catalogue, (Grain.HOUR, Grain.DAY))
    yield World(pool, catalogue)


async def test_a_day_of_four_workers_evaluates_each_config_once_a_minute(world: World) -> None:
    for number in range(5):
        await world.config(name=f"config {number}", threshold=number)
    workers = [Engine(world.pool, world.catalogue) for _ in range(4)]
    for minute in range(24 * 60):
        now = START + minute * MINUTE + timedelta(seconds=5)
        await asyncio.gather(*(evaluate_due(worker, now) for worker in workers))
    rows = await world.pool.fetch(
        """SELECT config_id, count(*) AS n, count(DISTINCT date_trunc('minute', slot)) AS minutes,
                  sum(missed) AS missed FROM alert_evaluations GROUP BY config_id"""
    )
    assert [(row["n"], row["minutes"], row["missed"]) for row in rows] == [(1440, 1440, 0)] * 5


async def test_critical_configs_are_evaluated_once_in_each_of_their_ten_seconds(
    world: World,
) -> None:
    await world.config(severity="CRITICAL")
    workers = [Engine(world.pool, world.catalogue) for _ in range(4)]
    for second in range(5, 600, 5):
        now = START + timedelta(seconds=second)
        await asyncio.gather(*(evaluate_due(worker, now) for worker in workers))
    rows = await world.pool.fetch("SELECT slot, missed FROM alert_evaluations ORDER BY slot")
    slots = [START + timedelta(seconds=second) for second in range(0, 600, 10)]
    assert [tuple(row) for row in rows] == [(slot, 0) for slot in slots]


async def test_configs_that_nobody_evaluates_any_more_raise_an_alert(world: World) -> None:
    await world.config()
    await world.tick()
    world.minute = 2
    await watch_evaluations(world.engine, world.now)
    assert await events_since(world.pool, 0) == []
    world.minute = 4
    await watch_evaluations(world.engine, world.now)
    (raised,) = await events_since(world.pool, 0)
    assert (raised.config_id, raised.event, raised.value) == (MISSED.id, "fired", 1)


async def test_after_an_outage_there_is_one_evaluation_and_an_alert_about_the_missed(
    world: World,
) -> None:
    await world.config()
    await world.tick()
    world.minute = 30
    tick = await evaluate_due(world.engine, world.now + timedelta(seconds=5))
    assert (tick.evaluated, tick.left) == (1, False)
    assert (await evaluate_due(world.engine, world.now + timedelta(seconds=6))).evaluated == 0
    await watch_evaluations(world.engine, world.now + timedelta(seconds=10))
    (raised,) = [e for e in await events_since(world.pool, 0) if e.config_id == MISSED.id]
    assert (raised.event, raised.value, raised.notice) == ("fired", 29, "send")
    for minute in range(31, 45):
        world.minute = minute
        await world.tick()
    await watch_evaluations(world.engine, world.now + timedelta(seconds=10))
    last = (await events_since(world.pool, 0))[-1]
    assert (last.event, last.config_id) == ("resolved", MISSED.id)


async def test_a_worker_that_dies_leaves_its_evaluation_to_another(world: World) -> None:
    await world.config()
    async with world.pool.acquire() as dying:
        transaction = dying.transaction()
        await transaction.start()
        await dying.execute("SELECT * FROM alert_schedule FOR UPDATE")
        later = world.now + timedelta(seconds=5)
        assert (await evaluate_due(world.engine, later)).evaluated == 0
        await transaction.rollback()
    assert (await evaluate_due(world.engine, later)).evaluated == 1


async def test_a_measure_that_cannot_be_read_is_an_error_of_its_config_alone(world: World) -> None:
    config = await world.config()
    await world.config(name="other")
    await world.tick()
    await world.pool.execute(
        "UPDATE alert_configs SET version = 9, definition = jsonb_set(definition,"
        " '{measure,eventType}', '\"gone\"') WHERE id = $1",
        config,
    )
    world.minute = 1
    await world.happen(11)
    happened = await world.tick()
    assert sorted((each.name, each.to_phase) for each in happened) == [
        ("many requests", "error"),
        ("other", "firing"),
    ]
    problem = await world.pool.fetchval(
        "SELECT problem FROM alert_schedule WHERE config_id = $1", config
    )
    assert "gone" in problem


async def test_configs_of_many_groups_are_shared_out_over_transactions(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = {"eventType": "api_request", "aggregate": "COUNT", "groupBy": ["source"]}
    for number in range(5):
        await world.config(name=f"config {number}", measure=measure)
    for source in range(3):
        await world.happen(1, source=f"s{source}")
    await world.tick()
    monkeypatch.setattr("workers.alerts.MOST_STATES", 7)
    world.minute = 1
    later = world.now + timedelta(seconds=5)
    ticks = [await evaluate_due(world.engine, later) for _ in range(3)]
    assert [(each.evaluated, each.left) for each in ticks] == [(2, True), (2, True), (1, False)]
    monkeypatch.setattr("workers.alerts.MOST_STATES", 1)
    world.minute = 2
    later = world.now + timedelta(seconds=5)
    assert (await evaluate_due(world.engine, later)).evaluated == 1, "never none"


async def test_a_config_that_cannot_be_understood_stops_no_other(world: World) -> None:
    config = await world.config()
    await world.config(name="other")
    await world.tick()
    await world.pool.execute(
        "UPDATE alert_configs SET version = 9, definition = '{\"name\": 1}' WHERE id = $1", config
    )
    world.minute = 1
    await world.happen(11)
    assert [(each.name, each.event) for each in await world.tick()] == [("other", "fired")]
    row = await world.pool.fetchrow("SELECT * FROM alert_schedule WHERE config_id = $1", config)
    assert row is not None
    assert "measure" in row["problem"]
    assert row["due_at"] == world.now + MINUTE


async def test_a_fault_of_ours_is_an_error_of_its_config_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty = await world.config(type="ANOMALY", threshold=None)
    await world.config(name="other")
    for minute in range(3):
        world.minute = minute
        await world.happen(1)
        await world.tick()
    kept = await _detector(world, faulty)

    def detected(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("domain.alert_evaluation.detected", detected)
        world.minute = 3
        await world.happen(11)
        happened = await world.tick()
    assert sorted((each.name, each.to_phase) for each in happened) == [
        ("many requests", "error"),
        ("other", "firing"),
    ]
    assert await _detector(world, faulty) == kept
    world.minute = 4
    await world.tick()
    assert await world.phase(faulty) == "ok"
    assert await _detector(world, faulty) != kept


async def test_a_read_that_fails_for_a_fault_of_ours_is_an_error_of_its_configs_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty = await world.config(window="PT2M")
    await world.config(name="other")
    await world.happen(11)

    async def answered(pool: Any, catalogue: Any, reads: Sequence[Read], state: Any) -> Any:
        if any(read.edges[-1] - read.edges[0] == 2 * MINUTE for read in reads):
            raise ZeroDivisionError
        return await answer(pool, catalogue, reads, state)

    with monkeypatch.context() as patch:
        patch.setattr("db.alert_reading.answer", answered)
        happened = await world.tick()
    assert sorted((each.name, each.to_phase) for each in happened) == [
        ("many requests", "error"),
        ("other", "firing"),
    ]
    world.minute = 1
    assert [each.name for each in await world.tick()] == ["many requests", "other"]
    assert await world.phase(faulty) == "firing"


async def test_a_database_that_is_away_is_no_error_of_any_config(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = await world.config()
    await world.happen(11)

    async def away(*_: Any) -> None:
        raise asyncpg.PostgresConnectionError("gone")

    with monkeypatch.context() as patch:
        patch.setattr("db.alert_reading.answer", away)
        with pytest.raises(asyncpg.PostgresConnectionError):
            await world.tick()
    assert [each.event for each in await world.tick()] == ["fired"]
    assert await world.phase(config) == "firing"


async def _detector(world: World, config: UUID) -> bytes | None:
    (place,) = (await look(world.pool, [config]))[config]
    return place.standing.detector


async def statements_of(world: World, dsn: str, configs: int, measures: int) -> int:
    """How many statements one evaluation of so many configs takes; every second of them fires."""
    async with world.pool.acquire() as connection, connection.transaction():
        for number in range(configs):
            condition = {"dimension": "endpoint", "eq": f"/{number % measures}"}
            measure = {"eventType": "api_request", "aggregate": "COUNT", "filter": condition}
            document = {
                **REQUESTS,
                "name": f"{number}",
                "measure": measure,
                "threshold": -number % 2,
            }
            config = parse_config(document, world.catalogue)
            await create_config(connection, uuid4(), config, world.now, "test")
    await world.happen(1, properties={"endpoint": "/0"})
    seen: list[LoggedQuery] = []
    counted = await open_pool(dsn, on_statement=seen.append)
    tick = await evaluate_due(Engine(counted, world.catalogue), world.now + timedelta(seconds=5))
    assert tick.evaluated == configs
    assert tick.happened >= configs // 2 // measures
    counted.terminate()
    return len(seen)


async def test_a_thousand_configs_of_a_measure_cost_the_statements_of_two(
    world: World, dsn: str
) -> None:
    two = await statements_of(world, dsn, 2, 1)
    await world.pool.execute("DELETE FROM alert_configs")
    assert await statements_of(world, dsn, 1_000, 1) == two


async def test_the_statements_of_configs_beyond_thousands_stay_those_of_two(
    world: World, dsn: str
) -> None:
    two = await statements_of(world, dsn, 2, 1)
    await world.pool.execute("DELETE FROM alert_configs")
    assert await statements_of(world, dsn, 2_500, 1) == two


async def test_statements_grow_with_measures_by_one_for_many(world: World, dsn: str) -> None:
    few = await statements_of(world, dsn, 40, 2)
    await world.pool.execute("DELETE FROM alert_configs")
    assert await statements_of(world, dsn, 200, 200) <= few + 200 // READS_A_STATEMENT
