"""Messages through time: outages, acknowledgements, bursts, escalation; providers on real sockets."""

from collections.abc import AsyncIterator
from datetime import time, timedelta
from itertools import pairwise
from uuid import uuid4

import asyncpg
import pytest
from redis.asyncio import Redis

from db.alert_responses import acknowledge
from db.alert_silences import add_silence
from domain.alert_records import Matcher, Silence
from domain.recipients import Channel, QuietHours, Route
from tests.desk import CRITICAL, INFO, WARNING, Desk, open_desk
from tests.providers import Answer

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
PHONE = "+4915112345678"
FAILING = Answer(500, b"oops")


@pytest.fixture
async def desk(pool: asyncpg.Pool, redis: Redis) -> AsyncIterator[Desk]:
    async with open_desk(pool, redis) as opened:
        yield opened


async def test_an_alert_goes_to_each_route_of_its_severity_once(desk: Desk) -> None:
    await desk.route(
        Route(CRITICAL, Channel.SMS, PHONE),
        Route(CRITICAL, Channel.EMAIL, "ops@example.com"),
        Route(CRITICAL, Channel.SLACK, "default"),
        Route(CRITICAL, Channel.WEBHOOK, f"{desk.hook.url}/alerts"),
        Route(CRITICAL, Channel.IN_APP, "*"),
        Route(WARNING, Channel.EMAIL, "nobody@example.com"),
    )
    alert = await desk.fire("disk")
    await desk.sweep()
    await desk.live(HOUR)
    assert len(desk.texts) == len(desk.mail.mails) == 1
    assert len(desk.slack.taken) == len(desk.hook.taken) == 1
    assert {row[2] for row in await desk.ledger(alert)} == {"delivered"}
    assert await _in_app(desk) == 1


async def test_acknowledged_meanwhile_is_not_sent(desk: Desk) -> None:
    await desk.route(Route(CRITICAL, Channel.SMS, PHONE))
    desk.twilio.behave = lambda _: FAILING
    alert = await desk.fire("disk")
    await desk.live(HOUR)
    await acknowledge(desk.pool, [alert.id], desk.now, "anna", "")
    desk.twilio.behave = lambda _: Answer()
    await desk.live(HOUR)
    assert desk.texts == []
    assert await desk.ledger(alert) == [("sms", PHONE, "suppressed", "acknowledged")]


async def test_resolved_meanwhile_is_told_as_resolved(desk: Desk) -> None:
    await desk.route(Route(CRITICAL, Channel.EMAIL, "ops@example.com"))
    desk.mail.verdict = "451 later"
    alert = await desk.fire("disk")
    await desk.live(HOUR)
    await desk.end(alert)
    desk.mail.verdict = None
    await desk.live(HOUR)
    assert desk.subjects == ["[RESOLVED] disk (source=disk)"]
    assert [row[2:] for row in await desk.ledger(alert)] == [
        ("suppressed", "resolved"),
        ("delivered", "delivered"),
    ]


async def test_who_never_heard_of_a_fire_does_not_hear_that_it_is_out(desk: Desk) -> None:
    await desk.route(Route(INFO, Channel.EMAIL, "ops@example.com"))
    alert = await desk.fire("blip", INFO)
    desk.now += 5 * SECOND
    await desk.end(alert)
    await desk.live(HOUR)
    assert desk.subjects == []
    assert [row[3] for row in await desk.ledger(alert)] == ["resolved", "never_told"]


async def test_a_burst_is_one_message(desk: Desk) -> None:
    await desk.route(
        Route(WARNING, Channel.EMAIL, "ops@example.com"), Route(CRITICAL, Channel.SMS, PHONE)
    )
    for number in range(25):
        await desk.fire(f"queue {number}", WARNING)
        desk.now += SECOND / 5
    await desk.live(MINUTE, 5 * SECOND)
    assert desk.subjects == ["[WARNING] 25 alerts: 25 firing"]
    assert {row[2] for row in await desk.ledger()} == {"delivered"}


async def test_a_warning_leaves_within_a_quarter_of_a_minute_and_an_info_within_one(
    desk: Desk,
) -> None:
    await desk.route(*(Route(each, Channel.EMAIL, "ops@example.com") for each in (WARNING, INFO)))
    await desk.fire("disk", WARNING)
    await desk.live(15 * SECOND, 5 * SECOND)
    assert desk.subjects == ["[WARNING] disk (source=disk)"]
    await desk.fire("blip", INFO)
    await desk.live(35 * SECOND, 5 * SECOND)
    assert desk.subjects[1:] == ["[INFO] blip (source=blip)"]


async def test_sms_are_one_a_minute_and_the_rest_is_told_together(desk: Desk) -> None:
    await desk.route(Route(CRITICAL, Channel.SMS, PHONE))
    for number in range(30):
        await desk.fire(f"a{number}")
        await desk.sweep()
        desk.now += 10 * SECOND
    assert 5 <= len(desk.texts) <= 6
    assert desk.texts[0].startswith("CRITICAL a0")
    assert desk.texts[1].startswith("CRITICAL 6 alerts: ")
    await desk.live(20 * MINUTE)
    sent = await desk.pool.fetch("SELECT ended_at FROM notification_messages ORDER BY ended_at")
    times = [row["ended_at"] for row in sent]
    assert all(b - a >= MINUTE for a, b in pairwise(times))
    assert all(b - a >= 15 * MINUTE for a, b in zip(times, times[5:], strict=False))
    assert {row[2] for row in await desk.ledger()} == {"delivered"}


async def test_preferences_choose_channels_and_severities(desk: Desk) -> None:
    await desk.route(
        *(Route(severity, Channel.EMAIL, "*") for severity in (INFO, WARNING, CRITICAL)),
        Route(CRITICAL, Channel.SMS, "team:ops"),
    )
    await desk.prefer("user:anna", addresses={Channel.EMAIL: "anna@example.com"})
    picky = {Channel.EMAIL: "ben@example.com"}
    await desk.prefer("user:ben", addresses=picky, min_severity=CRITICAL)
    await desk.prefer("user:cleo", addresses={Channel.SLACK: "https://hooks.example/x"})
    await desk.prefer("team:ops", addresses={Channel.EMAIL: "ops@example.com"})
    await desk.fire("disk", WARNING)
    await desk.live(MINUTE)
    assert {str(mail["To"]) for mail in desk.mail.mails} == {"anna@example.com", "ops@example.com"}
    assert ("email", "user:ben", "suppressed", "min_severity") in await desk.ledger()
    alert = await desk.fire("fire", CRITICAL)
    await desk.live(MINUTE)
    assert len(desk.mail.mails) == 5
    assert ("sms", "team:ops", "suppressed", "no_address") in await desk.ledger(alert)


async def test_two_recipients_with_one_address_are_told_once(desk: Desk) -> None:
    await desk.route(Route(CRITICAL, Channel.EMAIL, "*"))
    for recipient in ("user:anna", "team:ops"):
        await desk.prefer(recipient, addresses={Channel.EMAIL: "ops@example.com"})
    alert = await desk.fire("disk")
    await desk.sweep()
    assert desk.subjects == ["[CRITICAL] disk (source=disk)"]
    assert [row[2] for row in await desk.ledger(alert)] == ["delivered"] * 2


async def test_quiet_hours_hold_all_but_critical_alerts(desk: Desk) -> None:
    await desk.route(*(Route(each, Channel.EMAIL, "user:anna") for each in (WARNING, CRITICAL)))
    quiet = QuietHours(time(12), time(15), "Europe/Berlin")
    await desk.prefer("user:anna", addresses={Channel.EMAIL: "a@example.com"}, quiet=quiet)
    await desk.fire("disk", WARNING)
    await desk.fire("fire", CRITICAL)
    await desk.live(HOUR)
    assert desk.subjects == ["[CRITICAL] fire (source=fire)"]
    assert ("email", "user:anna", "pending", "quiet_hours") in await desk.ledger()
    await desk.live(HOUR + MINUTE)
    assert desk.subjects[1:] == ["[WARNING] disk (source=disk)"]


async def test_what_is_over_before_quiet_hours_end_is_not_told(desk: Desk) -> None:
    await desk.route(Route(WARNING, Channel.EMAIL, "user:anna"))
    quiet = QuietHours(time(12), time(14), "UTC")
    await desk.prefer("user:anna", addresses={Channel.EMAIL: "a@example.com"}, quiet=quiet)
    alert = await desk.fire("disk", WARNING)
    await desk.live(HOUR)
    await desk.end(alert)
    await desk.live(2 * HOUR)
    assert desk.subjects == []
    assert [row[3] for row in await desk.ledger(alert)] == ["resolved", "never_told"]


async def test_escalation_reaches_the_next_one_when_nobody_acknowledges(desk: Desk) -> None:
    await desk.route(
        Route(CRITICAL, Channel.EMAIL, "ops@example.com"),
        Route(CRITICAL, Channel.SMS, PHONE, after=15 * MINUTE),
        Route(CRITICAL, Channel.EMAIL, "boss@example.com", after=HOUR),
    )
    ignored = await desk.fire("ignored")
    heeded = await desk.fire("heeded")
    await desk.live(10 * MINUTE)
    await acknowledge(desk.pool, [heeded.id], desk.now, "anna", "on it")
    assert (len(desk.mail.mails), desk.texts) == (1, [])
    await desk.live(6 * MINUTE)
    assert [text.partition(":")[0] for text in desk.texts] == ["CRITICAL ignored (source=ignored)"]
    await desk.live(3 * HOUR)
    assert [str(mail["To"]) for mail in desk.mail.mails] == ["ops@example.com", "boss@example.com"]
    assert len(desk.texts) == 1
    assert "not acknowledged for 1:00:00" in desk.mail.mails[1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert len(await desk.ledger(ignored)) == 3
    assert len(await desk.ledger(heeded)) == 1


async def test_whoever_was_told_of_a_fire_hears_that_it_is_out(desk: Desk) -> None:
    await desk.route(
        Route(CRITICAL, Channel.EMAIL, "ops@example.com"),
        Route(CRITICAL, Channel.EMAIL, "boss@example.com", after=HOUR),
        Route(CRITICAL, Channel.EMAIL, "board@example.com", after=5 * HOUR),
    )
    alert = await desk.fire("disk")
    await desk.live(HOUR + MINUTE)
    await desk.route(Route(CRITICAL, Channel.EMAIL, "boss@example.com", after=HOUR))
    await desk.end(alert)
    await desk.live(MINUTE)
    told = [(str(mail["To"]), str(mail["Subject"])[:10]) for mail in desk.mail.mails]
    assert sorted(told[2:]) == [
        ("boss@example.com", "[RESOLVED]"),
        ("ops@example.com", "[RESOLVED]"),
    ]
    assert len(told) == 4


async def test_an_unacknowledged_alert_is_told_again(desk: Desk) -> None:
    await desk.route(Route(CRITICAL, Channel.EMAIL, "ops@example.com", repeat=HOUR))
    alert = await desk.fire("disk")
    await desk.live(3 * HOUR + MINUTE)
    assert len(desk.mail.mails) == 4
    await acknowledge(desk.pool, [alert.id], desk.now, "anna", "")
    await desk.live(3 * HOUR)
    assert len(desk.mail.mails) == 4
    await desk.end(alert)
    await desk.live(MINUTE)
    assert desk.subjects[-1].startswith("[RESOLVED]")


async def test_a_silence_made_later_holds_back_what_waits(desk: Desk) -> None:
    await desk.route(Route(WARNING, Channel.EMAIL, "ops@example.com"))
    alert = await desk.fire("disk", WARNING)
    matchers = (Matcher("alert", ("disk",)),)
    await add_silence(
        desk.pool, Silence(uuid4(), matchers, desk.now, desk.now + HOUR, "known", "anna")
    )
    await desk.live(MINUTE)
    assert await desk.ledger(alert) == [
        ("email", "ops@example.com", "suppressed", "silenced"),
    ]


async def _in_app(desk: Desk) -> int:
    count: int = await desk.pool.fetchval(
        "SELECT count(*) FROM alert_outbox WHERE channel = 'in_app' AND status = 'delivered'"
    )
    return count
