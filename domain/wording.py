"""What a message says, in words that every channel shares."""

from datetime import datetime

from domain.news import Message, News
from domain.recipients import worst

MOST_SHOWN = 20
"""News that one message tells in full; the rest is counted."""

_LONGEST_TITLE = 200
_LONGEST_REASON = 300


def subject(message: Message) -> str:
    """One line: the alert, or how many there are. Has no line break, whatever names hold."""
    if len(message.news) == 1:
        (news,) = message.news
        return f"[{label(news)}] {title(news)}"
    counts = ((len(message.firing), "firing"), (len(message.over), "resolved"))
    said = ", ".join(f"{count} {word}" for count, word in counts if count)
    most = worst(tuple(each.severity for each in message.firing or message.news))
    mark = most.value.upper() if message.firing else "RESOLVED"
    return f"[{mark}] {len(message.news)} alerts: {said}"


def label(news: News) -> str:
    """CRITICAL, WARNING, INFO or RESOLVED."""
    return "RESOLVED" if news.over else news.severity.value.upper()


def title(news: News) -> str:
    """The name of the alert with its group, on one line."""
    group = ", ".join(f"{dimension}={value or 'none'}" for dimension, value in news.group)
    return one_line(f"{news.name} ({group})" if group else news.name)[:_LONGEST_TITLE]


def facts(news: News) -> list[tuple[str, str]]:
    """What there is to know, as names and values: value against threshold, why, since when."""
    found = [("Value", measured(news)), ("Why", one_line(news.reason)[:_LONGEST_REASON])]
    found.append(("Since", clock(news.triggered_at)))
    if news.over and news.resolved_at is not None:
        found.append(("Resolved", clock(news.resolved_at)))
    return [(name, value) for name, value in found if value]


def measured(news: News) -> str:
    """The value against its threshold; empty where there is neither."""
    if news.value is None:
        return ""
    shown = f"{news.value:g}"
    return shown if news.threshold is None else f"{shown} (threshold {news.threshold:g})"


def clock(at: datetime) -> str:
    """An instant to the second, in UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def left_out(message: Message) -> str:
    """How many more there are than are shown; empty for none."""
    more = len(message.news) - MOST_SHOWN
    return f"and {more} more" if more > 0 else ""


def one_line(text: str) -> str:
    """Without line breaks and other controls, so that no name can end a header or fake a line."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
