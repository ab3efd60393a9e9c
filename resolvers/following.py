"""What subscriptions follow, event by event."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Generic

from db.alert_history import events_since, history_of
from db.alerts import alerts_by_id
from db.notification_ledger import Delivered, inbox_since, reader
from db.outage import outages_stated
from domain.alert_records import AlertEvent
from domain.alerts import Severity
from domain.errors import InvalidInput
from domain.streams import cursor_of
from domain.told import Inboxed
from resolvers.alert_room import uuid_of
from resolvers.alert_views import ShownAlert
from resolvers.feeds import PAGE, Feed, Row
from resolvers.scope import Scope


@dataclass(frozen=True, slots=True)
class AlertEventsAsked:
    """Which events of alerts; None for any."""

    after: str | None
    severities: tuple[Severity, ...] | None
    config_ids: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Followed(Generic[Row]):
    """Rows after a cursor, for good."""

    start: int
    rows: AsyncGenerator[Row, None]


async def follow_alerts(scope: Scope, asked: AlertEventsAsked) -> Followed[AlertEvent]:
    """What happened to alerts after the cursor, or from now on, and goes on happening."""
    severities = asked.severities
    ids = asked.config_ids
    configs = None if ids is None else [uuid_of(each, field="configIds") for each in ids]

    def wants(event: AlertEvent) -> bool:
        return (severities is None or event.severity in severities) and (
            configs is None or event.config_id in configs
        )

    async def read(cursor: int) -> list[AlertEvent]:
        with outages_stated():
            return await events_since(
                scope.rooms.alerts.pool,
                cursor,
                severities=severities,
                config_ids=configs,
                limit=PAGE,
            )

    feed = scope.rooms.streams.alerts
    start = await _start(feed, scope, asked.after)
    return Followed(start, feed.follow(start, wants, read))


async def follow_notifications(scope: Scope, after: str | None) -> Followed[Inboxed]:
    """What comes into the caller's inbox, as their preferences are when they begin to follow."""
    pool = scope.rooms.alerts.pool
    with outages_stated():
        who = await reader(pool, scope.caller.subject)

    async def read(cursor: int) -> list[Delivered]:
        with outages_stated():
            found = await inbox_since(pool, who, cursor, PAGE)
        return [Delivered(who.recipients[0], each) for each in found]

    feed = scope.rooms.streams.notifications
    start = await _start(feed, scope, after)
    return Followed(start, _inboxed(feed.follow(start, who.sees, read)))


def follow_changes(scope: Scope) -> AsyncGenerator[int, None]:
    """The number of now, and of each change of the data from then on."""
    return scope.rooms.streams.changes.follow()


async def alert_of(scope: Scope, event: AlertEvent, *, history: bool) -> ShownAlert | None:
    """The alert that an event is about, as it is now."""
    if event.alert_id is None:
        return None
    pool = scope.rooms.alerts.pool
    with outages_stated():
        found = await alerts_by_id(pool, [event.alert_id])
        if event.alert_id not in found:
            return None
        events = await history_of(pool, [event.alert_id]) if history else {}
    return ShownAlert(found[event.alert_id], events.get(event.alert_id, ()))


async def _inboxed(rows: AsyncGenerator[Delivered, None]) -> AsyncGenerator[Inboxed, None]:
    async with aclosing(rows) as delivered:
        async for row in delivered:
            yield row.inboxed


async def _start(feed: Feed[Row], scope: Scope, after: str | None) -> int:
    """The cursor to begin after: the transport's, the operation's, or that of now.

    One that lies ahead is of another database, or of one that was set back: waiting for it would be silence.
    """
    given = cursor_of(scope.resume_after or after)
    newest = await feed.last()
    if given is not None and given > newest:
        raise InvalidInput(
            f"after '{given}' lies ahead of all that has happened; the newest cursor is '{newest}'.",
            code="INVALID_CURSOR",
            field="after",
        )
    return newest if given is None else given
