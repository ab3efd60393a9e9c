"""A message as the JSON that webhooks get."""

from domain.news import Message, News
from domain.wording import subject


def document(message: Message) -> dict[str, object]:
    """The same bytes in every attempt, so that a receiver may compare; `id` tells messages apart."""
    return {
        "id": str(message.id),
        "summary": subject(message),
        "createdAt": message.created_at.isoformat(),
        "alerts": [_alert(message, each) for each in message.news],
    }


def _alert(message: Message, news: News) -> dict[str, object]:
    return {
        "notificationId": str(news.id),
        "alertId": str(news.alert_id),
        "configId": str(news.config_id),
        "event": "resolved" if news.over else "firing",
        "at": news.at.isoformat(),
        "severity": news.severity.value,
        "name": news.name,
        "group": dict(news.group),
        "labels": dict(news.labels),
        "value": news.value,
        "threshold": news.threshold,
        "reason": news.reason,
        "triggeredAt": news.triggered_at.isoformat(),
        "resolvedAt": news.resolved_at.isoformat() if news.resolved_at else None,
        "url": message.link(news),
        "runbookUrl": news.runbook_url,
    }
