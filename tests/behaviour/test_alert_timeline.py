"""Alerts through time, on a clock that the test moves."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from db.alert_configs import locked_config, update_config
from db.alert_states import look
from db.rollup_sets import ensure_catalogue
from domain.builtin import BUILTIN
from domain.catalogue import catalogue_of
from domain.grains import Grain
from tests.stored import store
from tests.timeline import MINUTE, START, World


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
