"""Alerts through time, on a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from asyncpg.connection import LoggedQuery

from db.alert_configs import create_config, locked_config, update_config
from db.alert_history import events_since
from db.alert_reading import READS_A_STATEMENT
from db.alert_states import look
from db.internal_alerts import MISSED
from db.pool import open_pool
from db.rollup_sets import ensure_catalogue
from domain.alert_documents import parse_config
from domain.builtin import BUILTIN
from domain.catalogue import catalogue_of
from domain.grains import Grain
from tests.stored import store
from tests.timeline import MINUTE, REQUESTS, START, World
from workers.alerts import Engine, evaluate_due, watch_evaluations


@pytest.fixture
async def world(pool: asyncpg.Pool) -> AsyncIterator[World]:
    catalogue = catalogue_of(BUILTIN)
    await ensure_catalogue(pool, catalogue, (Grain.HOUR, Grain.DAY))
    yield World(pool, catalogue)


async def test_an_alert_fires_and_resolves(world: World) -> None:
    config = await world.config()
    await world.story(
        config,
        """
        minute | events | phase  | told
        0      | 3      | ok     |
        1      | 11     | firing | fired
        2      | 12     | firing |
        3      | 10     | ok     | resolved
        4      | 0      | ok     |
        """,
    )


async def test_pending_and_keep_firing_survive_a_restart(world: World) -> None:
    config = await world.config(**{"for": "PT2M", "keepFiringFor": "PT2M"})
    await world.story(
        config,
        """
        minute | events | phase      | told
        0      | 11     | pending    |
        1      | 11     | pending    |
        """,
    )
    world.restart()
    await world.story(
        config,
        """
        minute | events | phase      | told
        2      | 11     | firing     | fired
        3      | 0      | recovering |
        4      | 0      | recovering |
        """,
    )
    world.restart()
    await world.story(
        config,
        """
        minute | events | phase      | told
        5      | 0      | ok         | resolved
        """,
    )


async def test_hysteresis_holds_an_alert_until_the_recovery_threshold(world: World) -> None:
    config = await world.config(recoveryThreshold=5)
    await world.story(
        config,
        """
        minute | events | phase  | told
        0      | 11     | firing | fired
        1      | 6      | firing |
        2      | 11     | firing |
        3      | 5      | ok     | resolved
        """,
    )


async def crossings(world: World, **changes: object) -> list[str]:
    """What is told of a value that crosses its threshold every minute for an hour."""
    await world.config(**changes)
    told = []
    for minute in range(61):
        world.minute = minute
        await world.happen(0 if minute == 60 else 11 if minute % 2 == 0 else 6)
        told += [each.event for each in await world.tick() if each.notice == "send"]
    return told


async def test_an_hour_of_crossings_with_hysteresis_is_one_alert(world: World) -> None:
    assert await crossings(world, recoveryThreshold=5) == ["fired", "resolved"]


async def test_an_hour_of_crossings_without_hysteresis_keeps_to_the_cooldown(world: World) -> None:
    told = await crossings(world, cooldown="PT10M")
    assert 2 <= len(told) <= 60 // 10 + 1
    kept = await world.pool.fetch(
        "SELECT reason, count(*) FROM alert_outbox WHERE channel = 'in_app' GROUP BY 1"
    )
    counts = {row["reason"]: row["count"] for row in kept}
    assert counts[None] == len(told)
    assert counts["cooldown"] > 10


async def test_silence_of_the_data_does_not_end_an_alert(world: World) -> None:
    measure = {"eventType": "api_request", "aggregate": "AVG", "of": "durationMs"}
    config = await world.config(measure=measure)
    await world.happen(1, durationMs=50)
    (fired,) = await world.tick()
    assert fired.event == "fired"
    await world.story(
        config,
        """
        minute | events | phase   | told
        1      | 0      | no_data |
        2      | 0      | no_data |
        """,
    )
    open_alerts = await world.pool.fetchval("SELECT count(*) FROM alerts WHERE status = 'firing'")
    assert open_alerts == 1
    world.minute = 3
    await world.happen(1, durationMs=5)
    assert [each.event for each in await world.tick()] == ["resolved"]


async def test_each_group_has_an_alert_of_its_own(world: World) -> None:
    measure = {"eventType": "api_request", "aggregate": "COUNT", "groupBy": ["source"]}
    config = await world.config(measure=measure, threshold=2)
    await world.happen(3, source="a")
    await world.happen(3, source="b")
    await world.happen(1, source="c")
    fired = await world.tick()
    assert [each.labels["source"] for each in fired] == ["a", "b"]
    world.minute = 1
    await world.happen(3, source="b")
    (resolved,) = await world.tick()
    assert (resolved.event, resolved.group) == ("resolved", (("source", "a"),))
    assert len((await look(world.pool, [config]))[config]) == 3


async def test_a_rate_of_change_compares_with_the_window_before(world: World) -> None:
    config = await world.config(type="RATE_OF_CHANGE", threshold=100, direction="UP")
    await world.story(
        config,
        """
        minute | events | phase  | told
        0      | 4      | firing | fired
        1      | 8      | ok     | resolved
        2      | 17     | firing | fired
        3      | 1      | ok     | resolved
        """,
    )


async def test_a_rate_of_change_compares_with_the_same_hour_a_week_before(world: World) -> None:
    config = await world.config(
        type="RATE_OF_CHANGE",
        threshold=50,
        direction="DOWN",
        window="PT5M",
        baseline="SAME_HOUR_LAST_WEEK",
    )
    week = timedelta(days=7)
    for minute, count in ((1, 10), (6, 4)):
        at = (START - week + minute * MINUTE).isoformat()
        events = [{"type": "api_request", "occurredAt": at} for _ in range(count)]
        await store(world.pool, world.catalogue, events, now=START)
    world.minute = 5
    await world.happen(4)
    (fired,) = await world.tick()
    assert (fired.event, fired.value) == ("fired", 4)
    assert fired.reason.endswith("-60% against 10 a week before, above 50%")
    world.minute = 10
    await world.happen(3)
    assert [each.event for each in await world.tick()] == ["resolved"]
    assert await world.phase(config) == "ok"


async def test_groups_beyond_the_limit_are_said_to_be_and_old_ones_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.alert_evaluation.MOST_GROUPS", 2)
    measure = {"eventType": "api_request", "aggregate": "COUNT", "groupBy": ["source"]}
    config = await world.config(measure=measure)
    for source in ("a", "b", "c"):
        await world.happen(1, source=source)
    await world.tick()
    problem = "SELECT problem FROM alert_schedule WHERE config_id = $1"
    assert "only 2 are watched" in await world.pool.fetchval(problem, config)
    assert len((await look(world.pool, [config]))[config]) == 2
    world.minute = 24 * 60
    await world.tick()
    assert len((await look(world.pool, [config]))[config]) == 2
    world.minute += 1
    await world.tick()
    assert (await look(world.pool, [config]))[config] == []


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


async def test_a_detector_misses_no_bucket_for_an_error_and_learns_anew_what_it_watches(
    world: World,
) -> None:
    config = await world.config(type="ANOMALY", threshold=None)

    async def fed() -> object:
        query = "SELECT fed_until FROM alert_schedule WHERE config_id = $1"
        return await world.pool.fetchval(query, config)

    async def watch(event_type: str) -> None:
        await world.pool.execute(
            "UPDATE alert_configs SET version = version + 1, definition ="
            " jsonb_set(definition, '{measure,eventType}', to_jsonb($2::text)) WHERE id = $1",
            config,
            event_type,
        )

    await world.happen(1)
    await world.tick()
    assert await fed() == START
    world.minute = 1
    await watch("gone")
    await world.tick()
    assert (await world.phase(config), await fed()) == ("error", START)
    world.minute = 2
    await watch("api_request")
    await world.tick()
    assert (await world.phase(config), await fed()) == ("ok", START + 2 * MINUTE)
    async with world.pool.acquire() as connection, connection.transaction():
        before = await locked_config(connection, config)
        changed = replace(before.config, window=2 * MINUTE)
        await update_config(connection, before, changed, world.now, "test")
    await world.tick()
    assert await fed() is None, "this slot was evaluated before the change"
    world.minute = 4
    await world.tick()
    assert await fed() == START + 4 * MINUTE
