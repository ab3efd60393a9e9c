"""What can be followed: the feeds of a process, opened onto its database."""

from dataclasses import dataclass
from functools import partial

from db.alert_history import events_since, last_cursor
from db.data_version import read_version
from db.notification_ledger import Delivered, delivered_since, last_delivered
from db.outage import outages_stated
from db.pool import Pool
from domain.alert_records import AlertEvent
from resolvers.changes import Changes
from resolvers.feeds import PAGE, Feed


@dataclass(frozen=True, slots=True)
class FollowRoom:
    """One reader each for all who follow in this process."""

    alerts: Feed[AlertEvent]
    notifications: Feed[Delivered]
    changes: Changes

    def wake_alerts(self) -> None:
        """Something happened to alerts."""
        self.alerts.wake()
        self.notifications.wake()


def open_follow_room(pool: Pool) -> FollowRoom:
    """Feeds that read nothing until somebody follows."""

    async def alerts(cursor: int) -> list[AlertEvent]:
        with outages_stated():
            return await events_since(pool, cursor, limit=PAGE)

    async def last_alert() -> int:
        with outages_stated():
            return await last_cursor(pool)

    async def notifications(cursor: int) -> list[Delivered]:
        with outages_stated():
            return await delivered_since(pool, cursor, PAGE)

    async def last_notification() -> int:
        with outages_stated():
            return await last_delivered(pool)

    return FollowRoom(
        alerts=Feed(alerts, last_alert),
        notifications=Feed(notifications, last_notification),
        changes=Changes(partial(read_version, pool)),
    )
