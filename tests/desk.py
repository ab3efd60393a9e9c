"""A newsroom for tests: alerts that fire and end as told, couriers, a clock that only tests move."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from redis.asyncio import Redis

from channels.guard import Guard
from channels.http import open_client
from channels.mail import Mail, MailServer
from channels.receipts import Sender
from channels.slack import Slack
from channels.sms import Sms, TwilioAccount
from channels.webhook import Webhook
from db.alert_history import append
from db.alert_outbox import enqueue
from db.alerts import Closing, alerts_by_id, close_alerts, open_alerts
from db.notification_preferences import set_preference
from db.notification_routes import set_routes
from domain.alert_records import Alert, AlertEvent, AlertStatus, group_key
from domain.alerts import Severity
from domain.recipients import Channel, Preference, Reach, Route
from tests.providers import HttpProvider, Mailbox, http_provider, mail_provider
from workers.notifications import Courier, Terms, compose_news, give_up_unset

START = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
LOOPBACK = ip_network("127.0.0.0/8")
SECRET = "a-secret-of-tests"
CRITICAL, WARNING, INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO


@dataclass
class Desk:
    """The database and everything that messages pass through."""

    pool: asyncpg.Pool
    redis: Redis
    mail: Mailbox
    slack: HttpProvider
    twilio: HttpProvider
    hook: HttpProvider
    senders: dict[Channel, Sender]
    now: datetime = START
    couriers: tuple[Courier, ...] = field(init=False)

    def __post_init__(self) -> None:
        terms = Terms(lambda: self.now, "https://tide.example", draw=lambda: 0.0)
        self.couriers = tuple(
            Courier(self.pool, channel, sender, terms) for channel, sender in self.senders.items()
        )

    async def route(self, *routes: Route) -> None:
        """These routes and no others."""
        await set_routes(self.pool, routes, "test")

    async def prefer(self, recipient: str, **wanted: Any) -> None:
        await set_preference(self.pool, Preference(recipient, **wanted), self.now, "test")

    async def fire(self, name: str, severity: Severity = CRITICAL, **known: Any) -> Alert:
        """An alert fires now, as the engine writes it."""
        alert = _alert(name, severity, self.now, **known)
        async with self.pool.acquire() as connection, connection.transaction():
            await open_alerts(connection, [alert])
            await enqueue(connection, await append(connection, [_event(alert, "fired", self.now)]))
        return alert

    async def end(self, alert: Alert) -> None:
        """It resolves by itself."""
        closing = Closing(alert.id, self.now, None, "below the threshold")
        async with self.pool.acquire() as connection, connection.transaction():
            await close_alerts(connection, [closing])
            await enqueue(
                connection, await append(connection, [_event(alert, "resolved", self.now)])
            )

    async def sweep(self) -> None:
        """What workers do now, until nothing is left to do at this moment."""
        while True:
            await compose_news(self.pool, self.redis, self.reach, lambda: self.now)
            started = False
            for courier in self.couriers:
                while await courier.run():
                    started = True
                await courier.finish()
            if not started:
                return

    def without(self, channel: Channel) -> None:
        """Workers come back with settings that lack a channel."""
        self.senders = {each: sender for each, sender in self.senders.items() if each != channel}
        self.__post_init__()

    async def live(self, for_: timedelta, step: timedelta = timedelta(minutes=1)) -> None:
        """Let time pass, with sweeps on the way."""
        end = self.now + for_
        while self.now < end:
            self.now = min(self.now + step, end)
            await self.sweep()
            await give_up_unset(self.pool, self.reach, lambda: self.now)

    @property
    def reach(self) -> Reach:
        return Reach(frozenset(self.senders))

    async def ledger(self, alert: Alert | None = None) -> list[tuple[str, str, str, str | None]]:
        """Channel, recipient, status and reason of every row of the outbox but those in-app."""
        rows = await self.pool.fetch(
            """SELECT channel, recipient, status, reason FROM alert_outbox
            WHERE channel <> 'in_app' AND ($1::uuid IS NULL OR alert_id = $1) ORDER BY id""",
            alert.id if alert else None,
        )
        return [tuple(row) for row in rows]

    async def status(self, alert: Alert) -> AlertStatus:
        return (await alerts_by_id(self.pool, [alert.id]))[alert.id].status

    @property
    def texts(self) -> list[str]:
        """The SMS that Twilio took."""
        return [each.form["Body"] for each in self.twilio.taken]

    @property
    def subjects(self) -> list[str]:
        """Of the mails that were taken."""
        return [str(each["Subject"]) for each in self.mail.mails]


@asynccontextmanager
async def open_desk(pool: asyncpg.Pool, redis: Redis) -> AsyncIterator[Desk]:
    """A desk with all channels set up, and without routes."""
    async with (
        mail_provider() as mail,
        http_provider() as slack,
        http_provider() as twilio,
        http_provider() as hook,
        open_client() as client,
    ):
        guard = Guard(client, (LOOPBACK,))
        account = TwilioAccount("AC1", "token", "+15550100", twilio.url)
        desk = Desk(pool, redis, mail, slack, twilio, hook, {})
        desk.senders = {
            Channel.EMAIL: Mail(MailServer("127.0.0.1", mail.port, "none", "T <t@tide.example>")),
            Channel.SLACK: Slack(client, f"{slack.url}/services/x", guard),
            Channel.SMS: Sms(client, account),
            Channel.WEBHOOK: Webhook(guard, SECRET, lambda: desk.now),
        }
        desk.__post_init__()
        await desk.route()
        yield desk


def _alert(name: str, severity: Severity, at: datetime, **known: Any) -> Alert:
    alert = Alert(
        id=uuid4(),
        config_id=UUID(int=7_000),
        name=name,
        severity=severity,
        labels={"alert": name, "severity": severity.value},
        runbook_url=None,
        threshold=5.0,
        group=(("source", name),),
        status=AlertStatus.FIRING,
        triggered_at=at,
        value=12.0,
        reason="12 is above 5",
        acknowledged_at=None,
        acknowledged_by=None,
        resolved_at=None,
        resolved_by=None,
        resolution=None,
    )
    return replace(alert, **known)


def _event(alert: Alert, event: str, at: datetime) -> AlertEvent:
    over = event == "resolved"
    return AlertEvent(
        id=0,
        at=at,
        event=event,
        config_id=alert.config_id,
        alert_id=alert.id,
        name=alert.name,
        severity=alert.severity,
        group_key=group_key(alert.group),
        labels=alert.labels,
        from_phase="firing" if over else "ok",
        to_phase="ok" if over else "firing",
        value=alert.value,
        threshold=alert.threshold,
        reason=alert.reason,
        subject=None,
        notice="send",
    )
