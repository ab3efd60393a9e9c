"""Messages while something is amiss: failing providers, dying workers, channels taken out, no Valkey."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from redis.asyncio import Redis

from db.alert_responses import acknowledge
from db.internal_alerts import UNDELIVERED
from db.notification_ledger import told_of
from db.notifications import LEASE, Settlement, claim, compose_due, settle
from domain.notifications import Reason
from domain.recipients import Channel, Reach, Route
from tests.desk import CRITICAL, WARNING, Desk, open_desk
from tests.providers import Answer
from workers.notifications import UNTAKEN, give_up_unset, watch_dead

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
PHONE = "+4915112345678"
FAILING = Answer(500, b"oops")


@pytest.fixture
async def desk(pool: asyncpg.Pool, redis: Redis) -> AsyncIterator[Desk]:
    async with open_desk(pool, redis) as opened:
        yield opened


async def test_a_provider_that_fails_for_two_hours_gets_it_once_afterwards(desk: Desk) -> None:
    await desk.route(Route(CRITICAL, Channel.SMS, PHONE))
    desk.twilio.behave = lambda _: FAILING
    alert = await desk.fire("disk")
    await desk.sweep()
    await desk.live(2 * HOUR)
    assert (desk.texts, len(desk.twilio.asked) > 10) == ([], True)
    assert await desk.ledger(alert) == [("sms", PHONE, "pending", "retrying")]
    desk.twilio.behave = lambda _: Answer(201, b'{"sid": "SM1"}')
    await desk.live(HOUR)
    assert len(desk.texts) == 1
    assert await desk.ledger(alert) == [("sms", PHONE, "delivered", "delivered")]


async def test_a_retry_after_is_honoured(desk: Desk) -> None:
    await desk.route(Route(CRITICAL, Channel.SLACK, "default"))
    desk.slack.behave = lambda _: Answer(429, headers={"Retry-After": "1800"})
    await desk.fire("disk")
    await desk.sweep()
    desk.slack.behave = lambda _: Answer()
    await desk.live(29 * MINUTE)
    assert len(desk.slack.asked) == 1
    await desk.live(2 * MINUTE)
    assert len(desk.slack.taken) == 1


async def test_retries_go_on_for_a_day_and_end_in_a_dead_letter_that_raises_an_alert(
    desk: Desk,
) -> None:
    await desk.route(Route(CRITICAL, Channel.SMS, PHONE), Route(WARNING, Channel.IN_APP, "*"))
    desk.twilio.behave = lambda _: FAILING
    alert = await desk.fire("disk")
    await desk.live(24 * HOUR, 10 * MINUTE)
    assert await desk.ledger(alert) == [("sms", PHONE, "pending", "retrying")]
    await desk.live(2 * HOUR, 10 * MINUTE)
    assert await desk.ledger(alert) == [("sms", PHONE, "dead", "gave_up")]
    await watch_dead(desk.pool, lambda: desk.now)
    name = await desk.pool.fetchval("SELECT name FROM alerts WHERE config_id = $1", UNDELIVERED.id)
    assert name == UNDELIVERED.config.name
    assert await _in_app(desk) == 1
    await desk.live(2 * HOUR, 10 * MINUTE)
    await watch_dead(desk.pool, lambda: desk.now)
    status = await desk.pool.fetchval(
        "SELECT status FROM alerts WHERE config_id = $1", UNDELIVERED.id
    )
    assert status == "resolved"


async def test_what_a_provider_refuses_for_good_is_not_tried_again(desk: Desk) -> None:
    await desk.route(Route(CRITICAL, Channel.SMS, PHONE))
    desk.twilio.behave = lambda _: Answer(400, b'{"code": 21211}')
    alert = await desk.fire("disk")
    await desk.live(HOUR)
    assert len(desk.twilio.asked) == 1
    assert await desk.ledger(alert) == [("sms", PHONE, "dead", "refused")]
    error = await desk.pool.fetchval("SELECT last_error FROM alert_outbox WHERE channel = 'sms'")
    assert "21211" in error


async def test_a_channel_that_is_not_set_up_is_said_to_be_so(desk: Desk) -> None:
    await desk.route(Route(CRITICAL, Channel.SMS, PHONE))
    del desk.senders[Channel.SMS]
    alert = await desk.fire("disk")
    await desk.sweep()
    assert await desk.ledger(alert) == [("sms", PHONE, "suppressed", "channel_off")]


async def test_what_waits_for_a_channel_that_is_taken_out_is_given_up_and_raises_an_alert(
    desk: Desk,
) -> None:
    await desk.route(Route(CRITICAL, Channel.SMS, PHONE), Route(WARNING, Channel.IN_APP, "*"))
    desk.twilio.behave = lambda _: FAILING
    alert, heeded = await desk.fire("disk"), await desk.fire("heeded")
    await desk.sweep()
    await acknowledge(desk.pool, [heeded.id], desk.now, "anna", "")
    desk.without(Channel.SMS)
    await desk.live(UNTAKEN)
    assert ("sms", PHONE, "pending", "retrying") in await desk.ledger(alert)
    await desk.live(MINUTE)
    assert await desk.ledger(alert) == [("sms", PHONE, "dead", "channel_off")]
    assert await desk.ledger(heeded) == [("sms", PHONE, "suppressed", "acknowledged")]
    (told,) = (await told_of(desk.pool, [alert.id]))[0]
    assert told.explanation == (
        "Not sent: the settings do not set this channel up. The provider said: HTTP 500 oops"
    )
    await watch_dead(desk.pool, lambda: desk.now)
    assert await _in_app(desk) == 1


async def test_a_channel_that_some_workers_lack_is_left_to_the_others(desk: Desk) -> None:
    await desk.route(Route(CRITICAL, Channel.SMS, PHONE))
    alert = await desk.fire("disk")
    await compose_due(desk.pool, desk.reach, desk.now)
    lacking = Reach(frozenset({Channel.EMAIL}))
    await give_up_unset(desk.pool, lacking, lambda: desk.now + UNTAKEN - SECOND)
    await desk.sweep()
    assert await desk.ledger(alert) == [("sms", PHONE, "delivered", "delivered")]


async def test_a_worker_that_died_is_taken_over_and_its_late_word_does_not_count(
    desk: Desk,
) -> None:
    await desk.route(Route(CRITICAL, Channel.EMAIL, "ops@example.com"))
    alert = await desk.fire("disk")
    await compose_due(desk.pool, desk.reach, desk.now)
    (dead,) = await claim(desk.pool, Channel.EMAIL, desk.now, 10)
    assert await claim(desk.pool, Channel.EMAIL, desk.now + LEASE - SECOND, 10) == []
    desk.now += LEASE
    await desk.sweep()
    assert await desk.ledger(alert) == [("email", "ops@example.com", "delivered", "maybe_twice")]
    late = Settlement("dead", Reason.REFUSED, desk.now, "refused", "too late", None)
    assert await settle(desk.pool, dead, late, desk.now) is False
    assert await desk.ledger(alert) == [("email", "ops@example.com", "delivered", "maybe_twice")]
    outcomes = await desk.pool.fetch("SELECT outcome FROM notification_attempts ORDER BY number")
    assert [row["outcome"] for row in outcomes] == ["refused", "accepted"]


async def test_workers_that_race_send_each_message_once(desk: Desk) -> None:
    await desk.route(*(Route(CRITICAL, Channel.WEBHOOK, f"{desk.hook.url}/{n}") for n in range(40)))
    for number in range(3):
        await desk.fire(f"a{number}")
    await compose_due(desk.pool, desk.reach, desk.now)
    (courier,) = (each for each in desk.couriers if each.channel is Channel.WEBHOOK)
    claims = [claim(desk.pool, Channel.WEBHOOK, desk.now, 7) for _ in range(8)]
    leased = [lease.message_id for found in await asyncio.gather(*claims) for lease in found]
    assert len(leased) == len(set(leased)) == 40
    desk.now += LEASE
    while await courier.run():
        pass
    await courier.finish()
    assert sorted(each.path for each in desk.hook.taken) == sorted(f"/{n}" for n in range(40))


async def test_without_valkey_the_ledger_is_the_same(desk: Desk) -> None:
    await desk.route(Route(CRITICAL, Channel.SMS, PHONE), Route(WARNING, Channel.EMAIL, "o@e.com"))
    usual = await _ten_minutes(desk)
    away = Redis.from_url("redis://127.0.0.1:1")
    kept, desk.redis = desk.redis, away
    desk.now += 24 * HOUR
    without = await _ten_minutes(desk, back=kept)
    assert without == usual
    assert [row[2] for row in usual[0]] == ["delivered"] * 10
    await away.aclose()


async def _ten_minutes(
    desk: Desk, back: Redis | None = None
) -> tuple[list[tuple[str, str, str, str | None]], int, int]:
    """An alert a minute; Valkey is then back and empty. The ledger, and how much was sent of either kind."""
    before = await desk.ledger(), len(desk.texts), len(desk.mail.mails)
    for minute in range(10):
        await desk.fire(f"{desk.now:%d} a{minute}", CRITICAL if minute % 2 else WARNING)
        await desk.live(MINUTE)
    if back is not None:
        desk.redis = back
        await back.flushdb()
    await desk.live(30 * MINUTE)
    ledger = (await desk.ledger())[len(before[0]) :]
    return ledger, len(desk.texts) - before[1], len(desk.mail.mails) - before[2]


async def test_a_slow_provider_holds_up_no_other_channel(desk: Desk) -> None:
    await desk.route(
        Route(CRITICAL, Channel.SLACK, "default"), Route(CRITICAL, Channel.EMAIL, "o@example.com")
    )
    desk.slack.behave = lambda _: Answer(hangs=True)
    await desk.fire("disk")
    await compose_due(desk.pool, desk.reach, desk.now)
    mail, slack = desk.couriers[0], desk.couriers[1]
    await slack.run()
    await mail.run()
    await mail.finish()
    assert len(desk.mail.mails) == 1


async def _in_app(desk: Desk) -> int:
    count: int = await desk.pool.fetchval(
        "SELECT count(*) FROM alert_outbox WHERE channel = 'in_app' AND status = 'delivered'"
    )
    return count
