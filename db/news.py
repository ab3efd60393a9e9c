"""News of the outbox as rows give it."""

import asyncpg
import orjson

from domain.alert_records import AlertStatus, group_of
from domain.alerts import Severity
from domain.news import News
from domain.recipients import Channel


def news_of(row: asyncpg.Record) -> News:
    """One row of the view notification_news."""
    return News(
        id=row["id"],
        channel=Channel(row["channel"]),
        recipient=row["recipient"],
        severity=Severity(row["severity"]),
        at=row["at"],
        over=row["over"],
        told=row["told"],
        config_id=row["config_id"],
        alert_id=row["alert_id"],
        name=row["name"],
        group=group_of(row["group_key"]),
        labels=orjson.loads(row["labels"]),
        value=row["value"],
        threshold=row["threshold"],
        reason=row["reason"],
        triggered_at=row["triggered_at"],
        status=AlertStatus(row["alert_status"]),
        acknowledged_by=row["acknowledged_by"],
        resolved_at=row["resolved_at"],
        runbook_url=row["runbook_url"],
    )
