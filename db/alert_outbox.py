"""The outbox of notifications: filled in the transaction of what happened, emptied by deliveries."""

from collections.abc import Sequence

from db.pool import Connection
from db.queries import load
from domain.alert_records import AlertEvent
from domain.alerts import Notice
from domain.notifications import GATHER

QUERIES = load("alert_outbox")


async def enqueue(connection: Connection, transitions: Sequence[AlertEvent]) -> None:
    """Queue what people are to be told of these kept events, by the routes of their severity; and those
    who had news of the alert before.

    What a cooldown or silence holds back is kept too, as suppressed; events without notice are passed over.
    """
    told = [event for event in transitions if event.notice != Notice.NONE]
    if not told:
        return
    await connection.execute(
        QUERIES["enqueue"],
        [event.id for event in told],
        [event.alert_id for event in told],
        [event.severity.value for event in told],
        [event.notice for event in told],
        [event.at for event in told],
        [event.at + GATHER[event.severity] for event in told],
    )
