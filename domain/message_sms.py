"""A message as one SMS."""

import unicodedata

from domain.news import Message, News
from domain.wording import label, subject, title

_PLAIN = 160
"""Characters of one SMS in the GSM alphabet, of which the printable ASCII below is a part."""

_WIDE = 70
"""Characters of one SMS in any other script."""


def sms(message: Message) -> str:
    """At most one SMS long: the name is cut, and the link left out, where they do not fit."""
    head, name, tail = _parts(message)
    name = _spelt(name)
    longest = _PLAIN if name.isascii() else _WIDE
    room = longest - len(head) - len(tail)
    text = f"{head}{name if len(name) <= room else name[: room - 3] + '...'}{tail}"
    link = message.link(message.news[0]) if len(message.news) == 1 else message.dashboard_url
    return f"{text} {link}" if link and len(text) + 1 + len(link) <= longest else text


def _parts(message: Message) -> tuple[str, str, str]:
    """What comes before the names, the names, and what comes after them."""
    if len(message.news) > 1:
        names = ", ".join(dict.fromkeys(title(each) for each in message.news))
        return f"{subject(message).translate(_BARE)}: ", names, ""
    (news,) = message.news
    return f"{label(news)} ", title(news), _numbers(news)


def _numbers(news: News) -> str:
    if news.over:
        return f" at {news.resolved_at or news.at:%H:%M}Z"
    since = f" since {news.triggered_at:%H:%M}Z"
    if news.value is None:
        return since
    against = "" if news.threshold is None else f" (threshold {news.threshold:g})"
    return f": {news.value:g}{against}{since}"


def _spelt(text: str) -> str:
    """In plain letters where there are such: é as e, a dash as a hyphen."""
    known = text.translate(_PLAINER)
    bare = "".join(
        each for each in unicodedata.normalize("NFKD", known) if not unicodedata.combining(each)
    )
    return bare if bare.isascii() else known


_BARE = str.maketrans("", "", "[]")
_PLAINER = {
    **{ord(each): "-" for each in "–—−~"},
    **{ord(each): "'" for each in "‘’`´"},
    **{ord(each): '"' for each in "“”„"},
    **{ord(each): "(" for each in "[{"},
    **{ord(each): ")" for each in "]}"},
    **{ord(each): "/" for each in "|\\^"},
    ord("…"): "...",
    ord("ß"): "ss",
    ord("µ"): "u",
}
