"""Preferences and routes as plain documents, for the audit log; and what of them is refused."""

import re
from urllib.parse import urlsplit

from domain.errors import InvalidInput
from domain.recipients import DEFAULT, EVERYONE, TEAM, USER, Channel, Preference, Route, is_named
from domain.zones import zone

_MAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,190}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_NAME = re.compile(r"(?:user|team):[^\s\x00][^\x00\r\n]{0,199}")
_LONGEST_URL = 2000
MOST_ROUTES = 500
MOST_MEMBERS = 500


def document_of(preference: Preference) -> dict[str, object]:
    """The preference by the names of the API."""
    quiet = preference.quiet
    return {
        "recipient": preference.recipient,
        "addresses": {channel.value: each for channel, each in preference.addresses.items()},
        "minSeverity": preference.min_severity.value,
        "inApp": preference.in_app,
        "quietHours": None
        if quiet is None
        else {
            "start": f"{quiet.start:%H:%M}",
            "end": f"{quiet.end:%H:%M}",
            "zone": quiet.zone,
            "critical": quiet.critical_too,
        },
        "members": list(preference.members),
    }


def route_document(route: Route) -> dict[str, object]:
    """The route by the names of the API."""
    return {
        "severity": route.severity.value,
        "channel": route.channel.value,
        "recipient": route.recipient,
        "afterSeconds": route.after.total_seconds(),
        "repeatSeconds": route.repeat.total_seconds() if route.repeat else None,
    }


def check_preference(preference: Preference) -> None:
    """Refuse what could never be delivered to."""
    check_name(preference.recipient, field="recipient")
    for channel, address in preference.addresses.items():
        if channel is Channel.IN_APP:
            raise _invalid("IN_APP needs no address; say inApp.", "addresses")
        check_address(channel, address, field="addresses")
    if preference.members and not preference.recipient.startswith(TEAM):
        raise _invalid("Only a team has members.", "members")
    if len(preference.members) > MOST_MEMBERS:
        raise _invalid(f"A team has at most {MOST_MEMBERS} members.", "members")
    quiet = preference.quiet
    if quiet is not None:
        zone(quiet.zone, field="quietHours.zone")
        if quiet.start == quiet.end:
            raise _invalid("Quiet hours need a start and an end that differ.", "quietHours")


def check_route(route: Route) -> None:
    """Refuse a route that leads nowhere."""
    if route.recipient == EVERYONE:
        return
    if is_named(route.recipient):
        check_name(route.recipient, field="recipient")
    elif route.channel is Channel.IN_APP:
        raise _invalid(f"Valid in-app: {EVERYONE}, {USER}<subject>, {TEAM}<name>.", "recipient")
    else:
        check_address(route.channel, route.recipient, field="recipient")


def check_name(recipient: str, *, field: str) -> None:
    """Refuse what names neither a user nor a team."""
    if not _NAME.fullmatch(recipient):
        raise _invalid(f"{recipient!r} names no one. Valid: {USER}<subject>, {TEAM}<name>.", field)


def check_address(channel: Channel, address: str, *, field: str) -> None:
    """Refuse what is no address of the channel. Where a URL leads is judged when it is used."""
    match channel:
        case Channel.EMAIL:
            valid, example = _MAIL.fullmatch(address) is not None, "name@example.com"
        case Channel.SMS:
            valid, example = _PHONE.fullmatch(address) is not None, "+4915112345678"
        case Channel.SLACK if address == DEFAULT:
            return
        case _:
            valid, example = _is_url(address), "https://example.com/hook"
    if not valid:
        raise _invalid(f"{address!r} is no address for {channel.value}. Valid: {example}.", field)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    usable = parts.scheme in ("https", "http") and bool(parts.hostname) and not parts.username
    return usable and len(text) <= _LONGEST_URL and text.isprintable() and " " not in text


def _invalid(message: str, field: str) -> InvalidInput:
    return InvalidInput(message, code="INVALID_NOTIFICATION_SETTING", field=field)
