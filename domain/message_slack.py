"""A message as Slack blocks (https://api.slack.com/reference/block-kit)."""

from collections.abc import Mapping

from domain.news import Message, News
from domain.wording import MOST_SHOWN, facts, label, left_out, subject, title

_MARKS = {
    "CRITICAL": ":red_circle:",
    "WARNING": ":large_orange_circle:",
    "INFO": ":large_blue_circle:",
    "RESOLVED": ":large_green_circle:",
}
_LONGEST_SECTION = 3000
_LONGEST_TEXT = 150
"""Characters of what a notification of the phone shows."""


def slack(message: Message) -> dict[str, object]:
    """What an incoming webhook takes. `text` is for notifications and screen readers."""
    blocks: list[Mapping[str, object]] = [
        _section(_words(message, each)) for each in message.news[:MOST_SHOWN]
    ]
    if left_out(message):
        blocks.append(_section(left_out(message)))
    return {"text": escaped(subject(message)[:_LONGEST_TEXT]), "blocks": blocks}


def escaped(text: str) -> str:
    """Without a mention, a link or markup: what an alert is called cannot call @channel."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.translate(_UNMARKED)


_UNMARKED = {ord(mark): f"{mark}\u200b" for mark in "*_~`"}


def _words(message: Message, news: News) -> str:
    lines = [f"{_MARKS[label(news)]} *{label(news)}* {escaped(title(news))}"]
    lines += [f"{name}: {escaped(value)}" for name, value in facts(news)]
    links = (("Alert", message.link(news)), ("Runbook", news.runbook_url))
    lines.append(" · ".join(f"<{_url(url)}|{name}>" for name, url in links if url is not None))
    return "\n".join(filter(None, lines))


def _url(url: str) -> str:
    unsafe = {"&": "&amp;", "<": "%3C", ">": "%3E", "|": "%7C"}
    return "".join(unsafe.get(each, each) for each in url)


def _section(text: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:_LONGEST_SECTION]}}
