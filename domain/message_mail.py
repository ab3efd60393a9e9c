"""A message as e-mail: plain text and HTML that say the same."""

from html import escape

from domain.news import Message, News
from domain.wording import MOST_SHOWN, facts, label, left_out, subject, title

_COLOURS = {"CRITICAL": "#b42318", "WARNING": "#b54708", "INFO": "#175cd3", "RESOLVED": "#027a48"}
_CELL = "padding:2px 12px 2px 0"


def plain_text(message: Message) -> str:
    """For readers of plain text."""
    parts = [_paragraph(message, each) for each in message.news[:MOST_SHOWN]]
    return "\n\n".join([*parts, *filter(None, [left_out(message)])]) + "\n"


def html(message: Message) -> str:
    """A whole document; every word that came from outside is escaped."""
    parts = "".join(_section(message, each) for each in message.news[:MOST_SHOWN])
    more = f"<p>{escape(left_out(message))}</p>" if left_out(message) else ""
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><title>{escape(subject(message))}</title>'
        f'</head><body style="font-family:sans-serif">{parts}{more}</body></html>'
    )


def _paragraph(message: Message, news: News) -> str:
    lines = [f"[{label(news)}] {title(news)}"]
    lines += [f"{name}: {value}" for name, value in facts(news)]
    lines += [f"{name}: {url}" for name, url in _links(message, news)]
    return "\n".join(lines)


def _section(message: Message, news: News) -> str:
    mark = label(news)
    rows = "".join(
        f'<tr><td style="{_CELL};color:#667085">{escape(name)}</td><td>{escape(value)}</td></tr>'
        for name, value in facts(news)
    )
    links = " · ".join(
        f'<a href="{escape(url)}">{escape(name)}</a>' for name, url in _links(message, news)
    )
    return (
        f'<h2 style="font-size:16px;color:{_COLOURS[mark]}">{mark} {escape(title(news))}</h2>'
        f"<table>{rows}</table><p>{links}</p>"
    )


def _links(message: Message, news: News) -> list[tuple[str, str]]:
    links = (("Alert", message.link(news)), ("Runbook", news.runbook_url))
    return [(name, url) for name, url in links if url is not None]
