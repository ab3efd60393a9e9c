"""Alerts: listed, acknowledged, resolved, commented, silenced."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from db.alert_history import history_of
from db.alert_responses import acknowledge, comment_on, resolve
from db.alert_silences import add_silence, expire_silence, latest_silences
from db.alerts import AlertFilter, alerts_by_id, page_of_alerts
from domain.alert_records import Alert, AlertStatus, Matcher, Silence
from domain.alerts import Severity
from domain.errors import InvalidInput, NotFound, TidemarkError
from domain.fields import names, text
from domain.limits import check_limit, check_page
from domain.pages import position
from domain.ranges import RangeSpec
from resolvers.alert_room import uuid_of
from resolvers.alert_views import AlertConnection, AlertPayload, ShownAlert
from resolvers.scope import Scope
from resolvers.user_errors import UserError, user_errors
from resolvers.windows import span_in_utc

MOST_ACKNOWLEDGED = 1_000
LONGEST_SILENCE = timedelta(days=366)
OPEN = (AlertStatus.FIRING, AlertStatus.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True)
class AlertsAsked:
    """The question; None for any. `history`: whether that of each alert is asked for."""

    statuses: tuple[AlertStatus, ...] | None
    severities: tuple[Severity, ...] | None
    config_ids: tuple[str, ...] | None
    range: RangeSpec | None
    first: int
    after: str | None
    history: bool


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What became of one id: ACKNOWLEDGED by this call, or ALREADY_ACKNOWLEDGED, RESOLVED, NOT_FOUND."""

    id: str
    outcome: str
    alert: ShownAlert | None


@dataclass(frozen=True, slots=True)
class AlertsPayload:
    """One result per id, in the order of the ids."""

    results: Sequence[Acknowledgement]
    user_errors: Sequence[UserError] = ()


@dataclass(frozen=True, slots=True)
class SilencePayload:
    """The silence, or why there is none."""

    silence: Silence | None
    user_errors: Sequence[UserError] = ()


async def alerts(scope: Scope, asked: AlertsAsked) -> AlertConnection:
    """A page of alerts, the newest first."""
    check_page(asked.first, scope.limits.page_size)
    fired = span_in_utc(scope, asked.range)
    ids = asked.config_ids
    wanted = AlertFilter(
        asked.statuses,
        asked.severities,
        None if ids is None else tuple(uuid_of(id, field="configIds") for id in ids),
        fired,
    )
    after = None if asked.after is None else position(asked.after)
    pool = scope.rooms.alerts.pool
    found, more = await page_of_alerts(pool, wanted, asked.first, after)
    return AlertConnection(await _shown(scope, found, history=asked.history), more)


async def acknowledge_alerts(
    scope: Scope, ids: Sequence[str], comment: str | None
) -> AlertsPayload:
    """Say that the caller is at these alerts; each id has an outcome of its own."""
    try:
        check_limit(len(ids), MOST_ACKNOWLEDGED, "alerts", field="ids")
        wanted = [uuid_of(id, field="ids") for id in dict.fromkeys(ids)]
        said = text(2_000, least=0)(comment or "", "comment")
    except InvalidInput as problem:
        return AlertsPayload((), user_errors(problem))
    room, subject = scope.rooms.alerts, scope.caller.subject
    before, won = await acknowledge(room.pool, wanted, scope.now, subject, said)
    if won:
        await room.happened()
    after = await alerts_by_id(room.pool, wanted)
    shown = {
        each.alert.id: each for each in await _shown(scope, list(after.values()), history=True)
    }
    return AlertsPayload(
        [
            Acknowledgement(str(id), _outcome(before.get(id), won=id in won), shown.get(id))
            for id in wanted
        ]
    )


async def resolve_alert(scope: Scope, id: str, comment: str | None) -> AlertPayload:
    """End an alert by hand."""
    room = scope.rooms.alerts
    try:
        alert_id = uuid_of(id)
        said = text(2_000, least=0)(comment or "", "comment")
        done = await resolve(room.pool, alert_id, scope.now, scope.caller.subject, said)
        alert = await _one(scope, alert_id)
        if not done:
            raise InvalidInput(
                f"The alert {id} is resolved already.", code="ALREADY_RESOLVED", field="id"
            )
    except TidemarkError as problem:
        return AlertPayload(None, user_errors(problem))
    await room.happened()
    return AlertPayload(alert)


async def comment_alert(scope: Scope, id: str, comment: str) -> AlertPayload:
    """Add a comment to an alert's history."""
    room = scope.rooms.alerts
    try:
        alert_id = uuid_of(id)
        said = text(2_000)(comment, "text")
        await comment_on(room.pool, alert_id, scope.now, scope.caller.subject, said)
        alert = await _one(scope, alert_id)
    except TidemarkError as problem:
        return AlertPayload(None, user_errors(problem))
    await room.happened()
    return AlertPayload(alert)


async def silences(scope: Scope, first: int) -> list[Silence]:
    """The silences that end last."""
    check_page(first, scope.limits.page_size)
    return await latest_silences(scope.rooms.alerts.pool, first)


async def silence_alerts(
    scope: Scope,
    matchers: Sequence[tuple[str, Sequence[str]]],
    starts_at: datetime | None,
    until: datetime,
    comment: str,
) -> SilencePayload:
    """Hold back notices about alerts that match."""
    try:
        silence = Silence(
            uuid4(),
            _matchers(matchers),
            starts_at or scope.now,
            until,
            text(2_000)(comment, "comment"),
            scope.caller.subject,
        )
        _check_span(silence, scope.now)
    except InvalidInput as problem:
        return SilencePayload(None, user_errors(problem))
    await add_silence(scope.rooms.alerts.pool, silence)
    return SilencePayload(silence)


async def end_silence(scope: Scope, id: str) -> SilencePayload:
    """End a silence before its time."""
    try:
        pool = scope.rooms.alerts.pool
        ended = await expire_silence(pool, uuid_of(id), scope.now, scope.caller.subject)
    except TidemarkError as problem:
        return SilencePayload(None, user_errors(problem))
    return SilencePayload(ended)


def _matchers(given: Sequence[tuple[str, Sequence[str]]]) -> tuple[Matcher, ...]:
    if not given or not all(values for _, values in given):
        raise InvalidInput(
            "matchers needs at least one label, each with at least one value; a silence of"
            " everything matches the label severity with info, warning and critical.",
            code="REQUIRED",
            field="matchers",
        )
    return tuple(
        Matcher(text(200)(label, "matchers.label"), names(values, "matchers.values"))
        for label, values in given
    )


def _check_span(silence: Silence, now: datetime) -> None:
    if silence.ends_at <= max(now, silence.starts_at):
        raise InvalidInput(
            "until must be later than now and than startsAt.", code="INVALID_RANGE", field="until"
        )
    if silence.ends_at - now > LONGEST_SILENCE:
        raise InvalidInput(
            f"until is more than {LONGEST_SILENCE.days} days ahead.",
            code="OVER_LIMIT",
            field="until",
        )


def _outcome(before: Alert | None, *, won: bool) -> str:
    if before is None:
        return "NOT_FOUND"
    if won:
        return "ACKNOWLEDGED"
    return "RESOLVED" if before.status is AlertStatus.RESOLVED else "ALREADY_ACKNOWLEDGED"


async def _one(scope: Scope, alert_id: UUID) -> ShownAlert:
    found = await alerts_by_id(scope.rooms.alerts.pool, [alert_id])
    if not found:
        raise NotFound(f"There is no alert {alert_id}.", code="ALERT_NOT_FOUND", field="id")
    return (await _shown(scope, list(found.values()), history=True))[0]


async def _shown(scope: Scope, found: Sequence[Alert], *, history: bool) -> list[ShownAlert]:
    if not history or not found:
        return [ShownAlert(alert) for alert in found]
    events = await history_of(scope.rooms.alerts.pool, [alert.id for alert in found])
    return [ShownAlert(alert, events[alert.id]) for alert in found]
