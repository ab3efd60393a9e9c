"""Who may see what: one table of fields, one of event types. What is in neither is refused."""

from collections.abc import Iterable, Mapping
from typing import Final

from domain.callers import Role
from domain.catalogue import ALL_EVENTS, Area, Catalogue, EventType
from domain.errors import Forbidden, UnknownName
from domain.questions import Filter

Roles = frozenset[Role]

ANYONE: Final[Roles] = frozenset(Role)
ADMIN: Final[Roles] = frozenset({Role.ADMIN})
VIEWERS: Final[Roles] = frozenset({Role.ADMIN, Role.BUSINESS_VIEWER, Role.OPS_VIEWER})
BUSINESS: Final[Roles] = frozenset({Role.ADMIN, Role.BUSINESS_VIEWER})
OPS: Final[Roles] = frozenset({Role.ADMIN, Role.OPS_VIEWER})
WRITERS: Final[Roles] = frozenset({Role.ADMIN, Role.INGEST})
TOTALS: Final[Roles] = frozenset({Role.AGGREGATE_VIEWER})
"""Roles that see totals of groups, and neither events nor ids of users: see `SMALLEST_GROUP`."""

SMALLEST_GROUP: Final = 10
"""How many users (events, where none has a user) a group has at least that such a role is shown."""

IDENTIFYING: Final = frozenset({"userId", "deviceId", "sessionId"})
"""Sources of dimensions that such a role may neither group nor filter by."""

FIELDS: Final[Mapping[str, Roles]] = {
    "Query.viewer": ANYONE,
    "Query.catalogue": VIEWERS | TOTALS,
    "Query.summary": VIEWERS | TOTALS,
    "Query.timeseries": VIEWERS | TOTALS,
    "Query.breakdown": VIEWERS | TOTALS,
    "Query.events": VIEWERS,
    "Query.systemHealth": OPS | TOTALS,
    "Query.mlPipelines": OPS | TOTALS,
    "Query.userAnalytics": VIEWERS,
    "Query.dashboardSummary": VIEWERS | TOTALS,
    "DashboardSummary.systemHealth": OPS | TOTALS,
    "DashboardSummary.mlPipelines": OPS | TOTALS,
    "DashboardSummary.activeAlerts": OPS,
    "DashboardSummary.business": BUSINESS,
    "DashboardSummary.meta": ANYONE,
    "Query.alertConfigs": OPS,
    "Query.alertConfig": OPS,
    "Query.exportAlertConfigs": OPS,
    "Query.alerts": OPS,
    "Query.activeAlerts": OPS,
    "Query.silences": OPS,
    "Query.notifications": OPS,
    "Query.explainNotification": OPS,
    "Query.notificationPreferences": OPS,
    "Query.notificationRecipients": ADMIN,
    "Query.notificationRoutes": ADMIN,
    "Query.auditLog": ADMIN,
    "Query.business": BUSINESS,
    "Query.partners": BUSINESS,
    "Query.projects": BUSINESS,
    "Query.socialMedia": BUSINESS,
    "Query.notificationDelivery": BUSINESS,
    "Mutation.recordEvents": WRITERS,
    "Mutation.aggregate": ADMIN,
    "Mutation.createAlertConfig": ADMIN,
    "Mutation.updateAlertConfig": ADMIN,
    "Mutation.deleteAlertConfig": ADMIN,
    "Mutation.importAlertConfigs": ADMIN,
    "Mutation.testAlertConfig": ADMIN,
    "Mutation.backtestAlertConfig": ADMIN,
    "Mutation.acknowledgeAlerts": ADMIN,
    "Mutation.resolveAlert": ADMIN,
    "Mutation.commentAlert": ADMIN,
    "Mutation.silenceAlerts": ADMIN,
    "Mutation.expireSilence": ADMIN,
    "Mutation.setNotificationPreferences": OPS,
    "Mutation.deleteNotificationPreferences": OPS,
    "Mutation.setNotificationRoutes": ADMIN,
    "Mutation.markNotificationsRead": OPS,
    "Subscription.alertEvents": OPS,
    "Subscription.notificationReceived": OPS,
    "Subscription.summaryUpdates": VIEWERS,
    # Types below are reached through a field above and show what that field was allowed to compute.
    "Acknowledgement": ANYONE,
    "AggregateColumns": ANYONE,
    "AggregatePayload": ANYONE,
    "Aggregates": ANYONE,
    "Alert": ANYONE,
    "AlertConfig": ANYONE,
    "AlertConfigConnection": ANYONE,
    "AlertConfigPayload": ANYONE,
    "AlertConnection": ANYONE,
    "AlertEdge": ANYONE,
    "AlertEvent": ANYONE,
    "AlertHistoryEntry": ANYONE,
    "AlertMeasure": ANYONE,
    "AlertNotification": ANYONE,
    "AlertPayload": ANYONE,
    "AlertState": ANYONE,
    "AlertTrialGroup": ANYONE,
    "AlertsPayload": ANYONE,
    "Amounts": ANYONE,
    "ApiHealth": ANYONE,
    "AuditEntry": ANYONE,
    "AuditLogConnection": ANYONE,
    "BacktestAlert": ANYONE,
    "BacktestAlertConfigPayload": ANYONE,
    "Breakdown": ANYONE,
    "BreakdownRow": ANYONE,
    "Business": ANYONE,
    "CollectionSales": ANYONE,
    "CollectionSalesChange": ANYONE,
    "CollectionSalesGroup": ANYONE,
    "CollectionSalesGroups": ANYONE,
    "DatabaseConnections": ANYONE,
    "DatabaseHealth": ANYONE,
    "DeleteAlertConfigPayload": ANYONE,
    "DeleteNotificationPreferencesPayload": ANYONE,
    "Dimension": ANYONE,
    "DimensionValue": ANYONE,
    "Donations": ANYONE,
    "DonationsChange": ANYONE,
    "DonationsColumns": ANYONE,
    "DonationsGroup": ANYONE,
    "DonationsGroups": ANYONE,
    "DonationsSeries": ANYONE,
    "DonationsTimeSeries": ANYONE,
    "Estimate": ANYONE,
    "Event": ANYONE,
    "EventConnection": ANYONE,
    "EventEdge": ANYONE,
    "EventType": ANYONE,
    "EventTypeCount": ANYONE,
    "Funnel": ANYONE,
    "FunnelStep": ANYONE,
    "Health": ANYONE,
    "HealthChange": ANYONE,
    "HealthOverview": ANYONE,
    "ImportAlertConfigsPayload": ANYONE,
    "IngestReceipt": ANYONE,
    "JobDuration": ANYONE,
    "JobDurationChange": ANYONE,
    "JobDurationColumns": ANYONE,
    "Jobs": ANYONE,
    "JobsChange": ANYONE,
    "JobsColumns": ANYONE,
    "JobsGroup": ANYONE,
    "JobsGroups": ANYONE,
    "JobsOverview": ANYONE,
    "JobsSeries": ANYONE,
    "JobsTimeSeries": ANYONE,
    "Latency": ANYONE,
    "LatencyChange": ANYONE,
    "LatencyColumns": ANYONE,
    "Measure": ANYONE,
    "Messages": ANYONE,
    "MessagesChange": ANYONE,
    "MessagesColumns": ANYONE,
    "MessagesGroup": ANYONE,
    "MessagesGroups": ANYONE,
    "MessagesOverview": ANYONE,
    "MessagesSeries": ANYONE,
    "MessagesTimeSeries": ANYONE,
    "Meta": ANYONE,
    "MlAssets": ANYONE,
    "MlPipeline": ANYONE,
    "MlPipelines": ANYONE,
    "Money": ANYONE,
    "NotificationDelivery": ANYONE,
    "MarkNotificationsReadPayload": ANYONE,
    "Notification": ANYONE,
    "NotificationAddress": ANYONE,
    "NotificationConnection": ANYONE,
    "NotificationExplanation": ANYONE,
    "NotificationPreferences": ANYONE,
    "NotificationPreferencesPayload": ANYONE,
    "NotificationRoute": ANYONE,
    "NotificationRoutesPayload": ANYONE,
    "QuietHours": ANYONE,
    "PageInfo": ANYONE,
    "PartnerContacts": ANYONE,
    "PartnerContactsChange": ANYONE,
    "PartnerContactsColumns": ANYONE,
    "PartnerContactsGroup": ANYONE,
    "PartnerContactsGroups": ANYONE,
    "PartnerContactsOverview": ANYONE,
    "PartnerContactsSeries": ANYONE,
    "PartnerContactsTimeSeries": ANYONE,
    "PartnerEngagement": ANYONE,
    "PartnerStatistics": ANYONE,
    "PartnerStatisticsChange": ANYONE,
    "PartnerStatisticsOverview": ANYONE,
    "Partners": ANYONE,
    "Point": ANYONE,
    "PoolUse": ANYONE,
    "ProductSales": ANYONE,
    "ProductSalesChange": ANYONE,
    "ProductSalesGroup": ANYONE,
    "ProductSalesGroups": ANYONE,
    "ProjectNews": ANYONE,
    "ProjectNewsChange": ANYONE,
    "ProjectNewsColumns": ANYONE,
    "ProjectNewsGroup": ANYONE,
    "ProjectNewsGroups": ANYONE,
    "ProjectNewsOverview": ANYONE,
    "ProjectNewsSeries": ANYONE,
    "ProjectNewsTimeSeries": ANYONE,
    "Projects": ANYONE,
    "PrometheusSample": ANYONE,
    "PrometheusTarget": ANYONE,
    "QueryLatency": ANYONE,
    "Ratios": ANYONE,
    "Realtime": ANYONE,
    "RealtimeRequests": ANYONE,
    "Rejection": ANYONE,
    "RequestLimits": ANYONE,
    "Requests": ANYONE,
    "RequestsChange": ANYONE,
    "RequestsColumns": ANYONE,
    "RequestsGroup": ANYONE,
    "RequestsGroups": ANYONE,
    "RequestsSeries": ANYONE,
    "RequestsTimeSeries": ANYONE,
    "ResolvedRange": ANYONE,
    "RollupLag": ANYONE,
    "Sales": ANYONE,
    "SalesChange": ANYONE,
    "SalesColumns": ANYONE,
    "SalesGroup": ANYONE,
    "SalesGroups": ANYONE,
    "SalesOverview": ANYONE,
    "SalesSeries": ANYONE,
    "SalesTimeSeries": ANYONE,
    "Series": ANYONE,
    "Silence": ANYONE,
    "SilenceMatcher": ANYONE,
    "SilencePayload": ANYONE,
    "SocialFigures": ANYONE,
    "SocialFiguresChange": ANYONE,
    "SocialFiguresColumns": ANYONE,
    "SocialFiguresGroup": ANYONE,
    "SocialFiguresGroups": ANYONE,
    "SocialFiguresOverview": ANYONE,
    "SocialFiguresSeries": ANYONE,
    "SocialFiguresTimeSeries": ANYONE,
    "SocialMedia": ANYONE,
    "Stock": ANYONE,
    "Summary": ANYONE,
    "SystemHealth": ANYONE,
    "TableSize": ANYONE,
    "TestAlertConfigPayload": ANYONE,
    "TimeSeries": ANYONE,
    "UserAnalytics": ANYONE,
    "UserError": ANYONE,
    "UserEvents": ANYONE,
    "Viewer": ANYONE,
    "Warning": ANYONE,
}
"""Roles by `Type.field`, or by `Type` for all of its fields."""

EVENT_TYPES: Final[Mapping[str, Roles]] = {
    ALL_EVENTS: VIEWERS | TOTALS,
    "api_request": OPS | TOTALS,
    "ml_job": OPS | TOTALS,
    "error": OPS | TOTALS,
    "alert": OPS | TOTALS,
    "query": OPS | TOTALS,
    "order": BUSINESS | TOTALS,
    "page_view": BUSINESS | TOTALS,
    "click": BUSINESS | TOTALS,
    "purchase": BUSINESS | TOTALS,
    "add_to_cart": BUSINESS | TOTALS,
    "checkout_start": BUSINESS | TOTALS,
    "inventory": BUSINESS | TOTALS,
    "donation": BUSINESS | TOTALS,
    "partner_engagement": BUSINESS | TOTALS,
    "project_update": BUSINESS | TOTALS,
    "social_post": BUSINESS | TOTALS,
    "social_engagement": BUSINESS | TOTALS,
    "notification": BUSINESS | TOTALS,
    "enrollment": BUSINESS | TOTALS,
    "proof_lock": BUSINESS | TOTALS,
}
"""Who may ask about events of a built-in type."""

AREAS: Final[Mapping[Area | None, Roles]] = {
    Area.OPS: OPS | TOTALS,
    Area.BUSINESS: BUSINESS | TOTALS,
    None: ADMIN,
}
"""Who may ask about events of a declared type, by its area."""


def roles_of(type_name: str, field_name: str) -> Roles | None:
    """Who may see a field; None where the table does not say, which no schema may have."""
    return FIELDS.get(f"{type_name}.{field_name}", FIELDS.get(type_name))


def may_ask(role: Role, event_type: str, area: Area | None = None) -> bool:
    """Whether the role may ask about events of that type; `area` is that of a declared one."""
    return role in EVENT_TYPES.get(event_type, AREAS[area])


def smallest_group(role: Role) -> int:
    """How many users a group has at least to be shown; 1 is any."""
    return SMALLEST_GROUP if role in TOTALS else 1


def check_dimensions(role: Role, event_type: EventType, names: Iterable[str]) -> None:
    """Refuse to tell people apart to a role that sees totals alone."""
    if role not in TOTALS:
        return
    for name in names:
        if event_type.dimension(name).source in IDENTIFYING:
            raise Forbidden(f"Role {role.value} may not ask by {name!r}: it tells people apart.")


def visible_types(role: Role, catalogue: Catalogue) -> list[EventType]:
    """What the role may ask about, as the catalogue orders it."""
    return [each for name, each in catalogue.types.items() if may_ask(role, name, each.area)]


def permitted_type(
    role: Role, catalogue: Catalogue, name: str, *, field: str | None = None
) -> EventType:
    """The type of that name. A user's own type that the role may not ask about is as good as unknown."""
    known = catalogue.types.get(name)
    if known is not None and may_ask(role, name, known.area):
        return known
    valid = [each.name for each in visible_types(role, catalogue)]
    if name in EVENT_TYPES and name in catalogue.types:
        raise Forbidden(
            f"Role {role.value} may not ask about {name!r}. Valid: {', '.join(sorted(valid))}.",
            field=field,
            valid=sorted(valid),
        )
    raise UnknownName("event type", name, valid, field=field)


def confined(role: Role, catalogue: Catalogue, condition: Filter | None) -> Filter | None:
    """The condition on a question about all events, such that it only counts types the role may see."""
    seen = {each.name for each in visible_types(role, catalogue)} - {ALL_EVENTS}
    if role is Role.ADMIN or seen >= set(catalogue.recordable):
        return condition
    own = Filter(dimension="eventType", isin=tuple(sorted(seen)))
    return own if condition is None else Filter(all_of=(own, condition))


def may_introspect(role: Role, *, development: bool) -> bool:
    """Whether the role may read the schema: admins, and in development those who ask questions."""
    return role is Role.ADMIN or (development and role in VIEWERS)
