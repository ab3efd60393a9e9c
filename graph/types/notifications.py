"""Notifications, preferences, routes."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

import strawberry

from domain import recipients as rules
from domain import told
from domain.fields import duration_text
from domain.recipients import Preference
from graph.scalars import Duration
from graph.types.alert_enums import AlertEventKind, Severity
from graph.types.answers import DimensionValue
from graph.types.commands import UserError
from graph.types.events import PageInfo
from resolvers.alert_views import finite
from resolvers.notifications import Inbox, PreferencePayload, RoutesPayload
from resolvers.user_errors import UserError as Problem


@strawberry.enum(description="How a message travels.")
class NotificationChannel(Enum):
    IN_APP = strawberry.enum_value("IN_APP", description="In the list `notifications`.")
    EMAIL = strawberry.enum_value("EMAIL", description="E-mail.")
    SLACK = strawberry.enum_value("SLACK", description="An incoming webhook of Slack.")
    SMS = strawberry.enum_value("SMS", description="SMS by Twilio.")
    WEBHOOK = strawberry.enum_value("WEBHOOK", description="A signed webhook of one's own.")


@strawberry.enum(description="How far a notification is.")
class NotificationStatus(Enum):
    PENDING = strawberry.enum_value("PENDING", description="It will be sent, or is being sent.")
    UNKNOWN = strawberry.enum_value(
        "UNKNOWN", description="The last attempt may have arrived; it is made again."
    )
    DELIVERED = strawberry.enum_value("DELIVERED", description="The provider has taken it over.")
    SUPPRESSED = strawberry.enum_value("SUPPRESSED", description="It is not sent.")
    DEAD = strawberry.enum_value("DEAD", description="It could not be delivered.")


@strawberry.enum(description="Why a notification is where it is.")
class NotificationReason(Enum):
    DUE = strawberry.enum_value("DUE", description="It is about to be sent.")
    COOLDOWN = strawberry.enum_value(
        "COOLDOWN", description="The last notice was within the cooldown."
    )
    STALE = strawberry.enum_value("STALE", description="It would have said what was said last.")
    SILENCED = strawberry.enum_value("SILENCED", description="A silence matched.")
    ACKNOWLEDGED = strawberry.enum_value(
        "ACKNOWLEDGED", description="Someone had acknowledged the alert."
    )
    RESOLVED = strawberry.enum_value(
        "RESOLVED", description="The alert was over before it could leave."
    )
    NEVER_TOLD = strawberry.enum_value(
        "NEVER_TOLD", description="The recipient was never told that the alert fired."
    )
    MIN_SEVERITY = strawberry.enum_value(
        "MIN_SEVERITY", description="The recipient wants only more severe alerts."
    )
    NO_ADDRESS = strawberry.enum_value(
        "NO_ADDRESS", description="The recipient gave no address for the channel."
    )
    CHANNEL_OFF = strawberry.enum_value(
        "CHANNEL_OFF", description="The settings do not set the channel up."
    )
    QUIET_HOURS = strawberry.enum_value("QUIET_HOURS", description="Held until quiet hours end.")
    RATE_LIMIT = strawberry.enum_value(
        "RATE_LIMIT", description="Held: the address had as many messages as it may."
    )
    RETRYING = strawberry.enum_value("RETRYING", description="The last attempt failed.")
    UNKNOWN = strawberry.enum_value("UNKNOWN", description="The last attempt may have arrived.")
    REFUSED = strawberry.enum_value("REFUSED", description="The provider refused it for good.")
    GAVE_UP = strawberry.enum_value("GAVE_UP", description="Every attempt failed for too long.")
    DELIVERED = strawberry.enum_value("DELIVERED", description="The provider has taken it over.")
    MAYBE_TWICE = strawberry.enum_value(
        "MAYBE_TWICE", description="It was delivered, and an earlier attempt may have arrived too."
    )


@strawberry.type(description="One notification of an alert, sent or not.")
class AlertNotification:
    id: strawberry.ID = strawberry.field(description="Its id.")
    event: AlertEventKind = strawberry.field(description="What it was about.")
    channel: NotificationChannel = strawberry.field(description="How it travels.")
    recipient: str = strawberry.field(description="Whom the route names.")
    status: NotificationStatus = strawberry.field(description="How far it is.")
    reason: NotificationReason | None = strawberry.field(description="Why.")
    explanation: str = strawberry.field(description="Why, in words.")
    attempts: int = strawberry.field(description="How often it was tried.")
    unknown_attempts: int = strawberry.field(
        description="Of those, how many may have arrived without our hearing of it."
    )
    created_at: datetime = strawberry.field(description="When it was queued.")
    sent_at: datetime | None = strawberry.field(description="When the provider took it over.")
    next_attempt_at: datetime | None = strawberry.field(description="When it is looked at next.")
    provider_id: str | None = strawberry.field(description="The provider's own id of it.")
    last_error: str | None = strawberry.field(description="What the provider last refused it with.")


@strawberry.type(description="Why a notification was sent or not.")
class NotificationExplanation:
    explanation: str = strawberry.field(description="In words.")
    notification: AlertNotification | None = strawberry.field(
        description="The notification; null where no route led there."
    )


@strawberry.type(description="One notification in-app.")
class Notification:
    id: strawberry.ID = strawberry.field(description="Its id, which grows with time.")
    at: datetime = strawberry.field(description="When it came.")
    event: AlertEventKind = strawberry.field(description="What happened.")
    alert_id: strawberry.ID = strawberry.field(description="The alert.")
    config_id: strawberry.ID = strawberry.field(description="The alert's config.")
    severity: Severity = strawberry.field(description="How much it matters.")
    name: str = strawberry.field(description="The alert's name.")
    group: list[DimensionValue] = strawberry.field(description="Which group it is about.")
    value: float | None = strawberry.field(description="The measured number.")
    threshold: float | None = strawberry.field(description="The threshold.")
    reason: str = strawberry.field(description="Why, in words.")
    read_at: datetime | None = strawberry.field(description="When the caller read it.")


@strawberry.type(description="The caller's own notifications, the newest first.")
class NotificationConnection:
    nodes: list[Notification] = strawberry.field(description="The notifications.")
    unread: int = strawberry.field(description="How many there are, on any page, not yet read.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


@strawberry.type(description="What was marked as read.")
class MarkNotificationsReadPayload:
    unread: int = strawberry.field(description="How many are not read now.")


@strawberry.type(description="Where someone can be reached.")
class NotificationAddress:
    channel: NotificationChannel = strawberry.field(description="By what.")
    address: str = strawberry.field(description="Where.")


@strawberry.type(description="When only what matters comes through.")
class QuietHours:
    start: str = strawberry.field(description="From this time of day on, as 22:00.")
    end: str = strawberry.field(description="Until this one, maybe of the next day.")
    time_zone: str = strawberry.field(description="On the clock of this zone.")
    hold_critical: bool = strawberry.field(description="Whether critical alerts wait as well.")


@strawberry.type(description="What a user or a team wants to be told, and where.")
class NotificationPreferences:
    recipient: str = strawberry.field(description="user: with a subject, or team: with a name.")
    addresses: list[NotificationAddress] = strawberry.field(
        description="A channel that is not here is not used."
    )
    min_severity: Severity = strawberry.field(description="Nothing below it.")
    in_app: bool = strawberry.field(description="Whether to list notifications in-app.")
    quiet_hours: QuietHours | None = strawberry.field(description="Null: none.")
    members: list[str] = strawberry.field(description="Of a team: its subjects.")


@strawberry.type(description="What became of a change of preferences.")
class NotificationPreferencesPayload:
    preferences: NotificationPreferences | None = strawberry.field(
        description="As they are now; null: no change."
    )
    user_errors: list[UserError] = strawberry.field(description="Problems of the input; or empty.")


@strawberry.type(description="What was forgotten.")
class DeleteNotificationPreferencesPayload:
    deleted: bool = strawberry.field(description="Whether there was anything.")


@strawberry.type(description="Alerts of a severity go to a recipient by a channel.")
class NotificationRoute:
    severity: Severity = strawberry.field(description="Which alerts.")
    channel: NotificationChannel = strawberry.field(description="By what.")
    recipient: str = strawberry.field(
        description="An address, user: or team: with a name, default (Slack), or * for all."
    )
    after: Duration = strawberry.field(
        description="How long nobody must have acknowledged before it is told."
    )
    repeat_every: Duration | None = strawberry.field(
        description="How often it is told again until someone acknowledges; null: never."
    )


@strawberry.type(description="What became of a change of routes.")
class NotificationRoutesPayload:
    routes: list[NotificationRoute] | None = strawberry.field(
        description="As they are now; null: no change."
    )
    user_errors: list[UserError] = strawberry.field(description="Problems of the input; or empty.")


def shown_told(each: told.Told) -> AlertNotification:
    """A row of the outbox as the contract shows it."""
    return AlertNotification(
        id=strawberry.ID(str(each.id)),
        event=AlertEventKind[each.event.upper()],
        channel=NotificationChannel[each.channel.name],
        recipient=each.recipient,
        status=NotificationStatus[each.status.upper()],
        reason=None if each.reason is None else NotificationReason[each.reason.name],
        explanation=each.explanation,
        attempts=each.attempts,
        unknown_attempts=each.unknown_attempts,
        created_at=each.created_at,
        sent_at=each.sent_at,
        next_attempt_at=each.next_at,
        provider_id=each.provider_id,
        last_error=each.last_error,
    )


def shown_explanations(found: Sequence[told.Told]) -> list[NotificationExplanation]:
    """Each with its reason; or that no route led there."""
    if not found:
        return [NotificationExplanation(explanation=told.NO_ROUTE, notification=None)]
    return [
        NotificationExplanation(explanation=each.explanation, notification=shown_told(each))
        for each in found
    ]


def shown_notification(each: told.Inboxed) -> Notification:
    """One notification in-app as the contract shows it."""
    return Notification(
        id=strawberry.ID(str(each.id)),
        at=each.at,
        event=AlertEventKind[each.event.upper()],
        alert_id=strawberry.ID(str(each.alert_id)),
        config_id=strawberry.ID(str(each.config_id)),
        severity=Severity[each.severity.name],
        name=each.name,
        group=[DimensionValue(dimension=name, value=value) for name, value in each.group],
        value=finite(each.value),
        threshold=each.threshold,
        reason=each.reason,
        read_at=each.read_at,
    )


def shown_inbox(page: Inbox) -> NotificationConnection:
    """A page of notifications as the contract shows it."""
    end = str(page.nodes[-1].id) if page.nodes else None
    return NotificationConnection(
        nodes=[shown_notification(each) for each in page.nodes],
        unread=page.unread,
        page_info=PageInfo(has_next_page=page.has_next, end_cursor=end),
    )


def shown_preferences(found: Preference) -> NotificationPreferences:
    """Preferences as the contract shows them."""
    return NotificationPreferences(
        recipient=found.recipient,
        addresses=[
            NotificationAddress(channel=NotificationChannel[channel.name], address=address)
            for channel, address in found.addresses.items()
        ],
        min_severity=Severity[found.min_severity.name],
        in_app=found.in_app,
        quiet_hours=None if found.quiet is None else _shown_quiet(found.quiet),
        members=list(found.members),
    )


def shown_preferences_payload(done: PreferencePayload) -> NotificationPreferencesPayload:
    """What became of a change, as the contract shows it."""
    return NotificationPreferencesPayload(
        preferences=None if done.preferences is None else shown_preferences(done.preferences),
        user_errors=_problems(done.user_errors),
    )


def shown_route(route: rules.Route) -> NotificationRoute:
    """A route as the contract shows it."""
    return NotificationRoute(
        severity=Severity[route.severity.name],
        channel=NotificationChannel[route.channel.name],
        recipient=route.recipient,
        after=Duration(duration_text(route.after)),
        repeat_every=None if route.repeat is None else Duration(duration_text(route.repeat)),
    )


def shown_routes_payload(done: RoutesPayload) -> NotificationRoutesPayload:
    """What became of a change of routes, as the contract shows it."""
    return NotificationRoutesPayload(
        routes=None if done.routes is None else [shown_route(each) for each in done.routes],
        user_errors=_problems(done.user_errors),
    )


def _problems(errors: Sequence[Problem]) -> list[UserError]:
    return [UserError(field=each.field, code=each.code, message=each.message) for each in errors]


def _shown_quiet(quiet: rules.QuietHours) -> QuietHours:
    return QuietHours(
        start=f"{quiet.start:%H:%M}",
        end=f"{quiet.end:%H:%M}",
        time_zone=quiet.zone,
        hold_critical=quiet.critical_too,
    )
