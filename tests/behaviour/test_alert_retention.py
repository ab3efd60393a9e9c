"""How long alerts are kept: what is over goes, with all that was told of it; what is not finished stays."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from redis.asyncio import Redis

from db.alert_history import events_since, last_cursor
from db.alert_responses import acknowledge
from db.alert_silences import add_silence
from db.notification_ledger import last_delivered, mark_read, reader
from domain.alert_records import Matcher, Silence
from domain.recipients import Channel, Route
from tests.desk import CRITICAL, Desk, open_desk
from tests.providers import Answer
from workers.alert_loops import forget_old

DAY = timedelta(days=1)
TABLES = (
    *("alerts", "alert_history", "alert_outbox"),
    *("notification_messages", "notification_attempts", "notification_reads"),
)


@pytest.fixture
async def desk(pool: asyncpg.Pool, redis: Redis) -> AsyncIterator[Desk]:
    async with open_desk(pool, redis) as opened:
        await opened.route(
            Route(CRITICAL, Channel.EMAIL, "ops@example.com"), Route(CRITICAL, Channel.IN_APP, "*")
        )
        yield opened


async def counts(desk: Desk) -> dict[str, int]:
    """The rows of each table."""
    return {name: await desk.pool.fetchval(f"SELECT count(*) FROM {name}") for name in TABLES}


async def past(desk: Desk, name: str) -> None:
    """An alert that fired, was told and read, and ended."""
    alert = await desk.fire(name)
    await desk.sweep()
    await desk.end(alert)
    await desk.sweep()
    await mark_read(desk.pool, await reader(desk.pool, "anna"), None, desk.now)


async def test_what_ended_long_ago_goes_with_all_that_was_told_of_it(desk: Desk) -> None:
    await past(desk, "old")
    desk.now += 5 * DAY
    await past(desk, "young")
    young = await counts(desk)
    assert await forget_old(desk.pool, desk.now, 10) is False
    assert await counts(desk) == young, "not old enough"
    desk.now += 6 * DAY
    assert await forget_old(desk.pool, desk.now, 0) is False
    assert await counts(desk) == young, "0 keeps them"
    await forget_old(desk.pool, desk.now, 10)
    assert await counts(desk) == {name: count / 2 for name, count in young.items()}
    assert await desk.pool.fetchval("SELECT name FROM alerts") == "young"


async def test_cursors_stay_valid_when_everything_is_old(desk: Desk) -> None:
    for number in range(3):
        await past(desk, f"a{number}")
    cursors = await last_cursor(desk.pool), await last_delivered(desk.pool)
    desk.now += 100 * DAY
    await forget_old(desk.pool, desk.now, 10)
    assert await desk.pool.fetchval("SELECT array_agg(name) FROM alerts") == ["a2"]
    assert (await last_cursor(desk.pool), await last_delivered(desk.pool)) == cursors
    assert {each.name for each in await events_since(desk.pool, 0)} == {"a2"}


async def test_what_is_not_finished_stays_however_old(desk: Desk) -> None:
    await past(desk, "over")
    await desk.fire("open")
    seen = await desk.fire("acknowledged")
    await acknowledge(desk.pool, [seen.id], desk.now, "anna", "on it")
    await desk.sweep()
    desk.mail.verdict = "451 later"
    await past(desk, "still to be sent")
    held = await desk.fire("end held back")
    await desk.end(held)
    await desk.pool.execute(
        "INSERT INTO alert_states (config_id, group_key, phase, since, open, alert_id, told_open, seen_at)"
        " SELECT config_id, group_key, 'ok', $2, false, id, true, $2 FROM alerts WHERE id = $1",
        held.id,
        desk.now,
    )
    await desk.pool.execute(
        "UPDATE alert_outbox SET status = 'suppressed' WHERE alert_id = $1", held.id
    )
    desk.mail.verdict = None
    await past(desk, "newest")
    await forget_old(desk.pool, desk.now + 100 * DAY, 10)
    kept = await desk.pool.fetch("SELECT name FROM alerts ORDER BY name")
    assert [row["name"] for row in kept] == [
        *("acknowledged", "end held back", "newest", "open", "still to be sent"),
    ]


async def test_messages_on_their_way_and_lone_history_and_silences(desk: Desk) -> None:
    desk.mail.verdict = "451 later"
    waiting = await desk.fire("waiting")
    await desk.sweep()
    matchers = (Matcher("alert", ("x",)),)
    for days in (1, 1_000):
        silence = Silence(uuid4(), matchers, desk.now, desk.now + days * DAY, "", "anna")
        await add_silence(desk.pool, silence)
    for _ in range(3):
        await desk.pool.execute(
            "INSERT INTO alert_history (at, event, config_id, name, severity, group_key, labels, from_phase,"
            " to_phase, reason, notice) VALUES ($1, 'changed', $2, 'x', 'info', '[]', '{}', 'ok', 'pending',"
            " '', 'none')",
            desk.now,
            uuid4(),
        )
    await forget_old(desk.pool, desk.now + 100 * DAY, 10)
    assert await desk.ledger(waiting) == [("email", "ops@example.com", "pending", "retrying")]
    assert await desk.pool.fetchval("SELECT count(*) FROM alert_silences") == 1
    lone = "SELECT count(*) FROM alert_history WHERE alert_id IS NULL"
    assert await desk.pool.fetchval(lone) == 1, "the newest, where cursors stand"


async def test_much_is_dropped_in_many_small_transactions(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.alert_loops.FORGOTTEN_AT_ONCE", 2)
    desk.hook.behave = lambda _: Answer()
    for number in range(6):
        await past(desk, f"a{number}")
    later = desk.now + 100 * DAY
    assert await forget_old(desk.pool, later, 10) is True
    assert await desk.pool.fetchval("SELECT count(*) FROM alerts") == 4
    while await forget_old(desk.pool, later, 10):
        pass
    assert await desk.pool.fetchval("SELECT count(*) FROM alerts") == 1
