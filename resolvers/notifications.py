"""Notifications: the caller's own in-app, why one was sent or not, preferences and routes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from uuid import UUID

from db.alerts import alerts_by_id
from db.notification_ledger import count_unread, inbox, mark_read, reader
from db.notification_preferences import (
    all_preferences,
    forget_preference,
    preferences_of,
    set_preference,
)
from db.notification_routes import all_routes, set_routes
from domain.alerts import Severity
from domain.callers import Role
from domain.errors import Forbidden, InvalidInput, NotFound, TidemarkError
from domain.fields import duration
from domain.limits import check_limit, check_page
from domain.preference_documents import MOST_ROUTES, check_name, check_preference, check_route
from domain.recipients import USER, Channel, Preference, QuietHours, Route
from domain.told import Inboxed, Told
from resolvers.alert_room import uuid_of
from resolvers.scope import Scope
from resolvers.user_errors import UserError, user_errors

MOST_MARKED = 1_000

_LONGEST = timedelta(days=30)
_SPAN = duration(timedelta(0), _LONGEST)
_REPEAT = duration(timedelta(minutes=1), _LONGEST)


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of what the caller finds in-app."""

    nodes: Sequence[Inboxed]
    has_next: bool
    unread: int


@dataclass(frozen=True, slots=True)
class QuietGiven:
    """Quiet hours as they are given: `start` and `end` as 22:00."""

    start: str
    end: str
    zone: str
    critical_too: bool


@dataclass(frozen=True, slots=True)
class RouteGiven:
    """A route as it is given: spans as ISO 8601 durations."""

    severity: Severity
    channel: Channel
    recipient: str
    after: str | None
    repeat: str | None


@dataclass(frozen=True, slots=True)
class PreferencePayload:
    """The preferences, or why they were not changed."""

    preferences: Preference | None
    user_errors: Sequence[UserError] = ()


@dataclass(frozen=True, slots=True)
class RoutesPayload:
    """The routes as they are now, or why they were not changed."""

    routes: Sequence[Route] | None
    user_errors: Sequence[UserError] = ()


async def notifications(scope: Scope, first: int, after: str | None, *, unread: bool) -> Inbox:
    """A page of the caller's own, the newest first."""
    check_page(first, scope.limits.page_size)
    pool = scope.rooms.alerts.pool
    who = await reader(pool, scope.caller.subject)
    before = None if after is None else _cursor(after, "after")
    found = await inbox(pool, who, first + 1, before, unread=unread)
    return Inbox(found[:first], len(found) > first, await count_unread(pool, who))


async def mark_notifications_read(scope: Scope, ids: Sequence[str] | None) -> int:
    """Note that the caller has read these, or all; returns how much is unread."""
    pool = scope.rooms.alerts.pool
    if ids is not None:
        check_limit(len(ids), MOST_MARKED, "notifications", field="ids")
    who = await reader(pool, scope.caller.subject)
    chosen = None if ids is None else [_cursor(each, "ids") for each in ids]
    await mark_read(pool, who, chosen, scope.now)
    return await count_unread(pool, who)


async def explain_notification(
    scope: Scope, alert_id: str, channel: Channel | None, recipient: str | None
) -> list[Told]:
    """What was told of an alert by a channel and to a recipient, and what not; empty: no route led there."""
    id = uuid_of(alert_id, field="alertId")
    if not await alerts_by_id(scope.rooms.alerts.pool, [id]):
        raise NotFound(f"There is no alert {id}.", code="ALERT_NOT_FOUND", field="alertId")
    return [
        each
        for each in await told(scope, id)
        if channel in (None, each.channel) and recipient in (None, each.recipient)
    ]


async def told(scope: Scope, alert_id: UUID) -> list[Told]:
    """What was told of an alert."""
    return await scope.loaders.told.load(alert_id)


async def notification_preferences(scope: Scope, recipient: str | None) -> Preference:
    """Those of the caller, or for an admin of any user or team; defaults where none were set."""
    whose = _whose(scope, recipient)
    found = await preferences_of(scope.rooms.alerts.pool, [whose])
    return found.get(whose, Preference(whose))


async def notification_recipients(scope: Scope) -> list[Preference]:
    """Everybody's."""
    return await all_preferences(scope.rooms.alerts.pool)


async def set_notification_preferences(
    scope: Scope,
    recipient: str | None,
    addresses: Mapping[Channel, str] | None,
    min_severity: Severity | None,
    in_app: bool | None,
    quiet: QuietGiven | None,
    members: Sequence[str] | None,
) -> PreferencePayload:
    """Put preferences in the place of earlier ones. What is left out has its default."""
    try:
        wanted = Preference(
            _whose(scope, recipient),
            addresses or {},
            min_severity or Severity.INFO,
            True if in_app is None else in_app,
            None if quiet is None else _quiet(quiet),
            tuple(dict.fromkeys(members or ())),
        )
        check_preference(wanted)
    except InvalidInput as problem:
        return PreferencePayload(None, user_errors(problem))
    pool = scope.rooms.alerts.pool
    return PreferencePayload(await set_preference(pool, wanted, scope.now, scope.caller.subject))


async def delete_notification_preferences(scope: Scope, recipient: str | None) -> bool:
    """Forget preferences and addresses; whether there were any."""
    pool = scope.rooms.alerts.pool
    return await forget_preference(pool, _whose(scope, recipient), scope.caller.subject)


async def notification_routes(scope: Scope) -> list[Route]:
    """The routing table."""
    return await all_routes(scope.rooms.alerts.pool)


async def set_notification_routes(scope: Scope, given: Sequence[RouteGiven]) -> RoutesPayload:
    """Put these routes in the place of all others."""
    try:
        check_limit(len(given), MOST_ROUTES, "routes", field="routes")
        routes = [_route(each) for each in given]
        _check_different(routes)
    except TidemarkError as problem:
        return RoutesPayload(None, user_errors(problem))
    return RoutesPayload(await set_routes(scope.rooms.alerts.pool, routes, scope.caller.subject))


def _whose(scope: Scope, recipient: str | None) -> str:
    own = USER + scope.caller.subject
    if recipient in (None, own):
        return own
    if scope.caller.role is not Role.ADMIN:
        raise Forbidden(f"Only an admin may see or set the preferences of {recipient!r}.")
    assert recipient is not None
    check_name(recipient, field="recipient")
    return recipient


def _quiet(given: QuietGiven) -> QuietHours:
    return QuietHours(_time(given.start), _time(given.end), given.zone, given.critical_too)


def _time(text: str) -> time:
    try:
        found = time.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:
        raise InvalidInput(
            f"{text!r} is no time of day. Valid: 00:00 to 23:59, without a zone.",
            code="INVALID_NOTIFICATION_SETTING",
            field="quietHours",
        )
    return found


def _route(given: RouteGiven) -> Route:
    after = _SPAN(given.after or "PT0S", "routes.after")
    repeat = _REPEAT(given.repeat, "routes.repeatEvery") if given.repeat else None
    made = Route(given.severity, given.channel, given.recipient, after, repeat)
    check_route(made)
    return made


def _check_different(routes: Sequence[Route]) -> None:
    if len({_key(each) for each in routes}) < len(routes):
        raise InvalidInput(
            "Each severity, channel and recipient has one route.",
            code="INVALID_NOTIFICATION_SETTING",
            field="routes",
        )


def _key(route: Route) -> tuple[Severity, Channel, str]:
    return route.severity, route.channel, route.recipient


def _cursor(text: str, field: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InvalidInput(
            f"{text!r} is no id of a notification.", code="INVALID_CURSOR", field=field
        )
    return int(text)
