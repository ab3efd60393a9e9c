"""What can be followed."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Annotated

import strawberry

from domain import alerts as rules
from domain.alert_records import AlertEvent
from domain.told import Inboxed
from graph.arguments import UTC, CompareTo, Condition, Range, Zone
from graph.fields import followed
from graph.happenings import Happening, Source
from graph.types import alert_events as shown
from graph.types.alert_enums import Severity
from graph.types.answers import Summary
from graph.types.notifications import Notification, shown_notification
from resolvers.following import (
    AlertEventsAsked,
    follow_alerts,
    follow_changes,
    follow_notifications,
)
from resolvers.scope import Scope

Info = strawberry.Info[Scope, None]
Cursor = Annotated[
    str | None,
    strawberry.argument(
        description="The last cursor that was received: what came after it is sent first. Without"
        " it: what happens from now on."
    ),
]


@strawberry.type
class Subscriptions:
    @followed("What happens to alerts, each thing once, in its order.", shown.AlertEvent | None)
    async def alert_events(
        self,
        info: Info,
        after: Cursor = None,
        severities: Annotated[
            list[Severity] | None, strawberry.argument(description="Only of these.")
        ] = None,
        config_ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(description="Only those of these configs."),
        ] = None,
    ) -> object:
        asked = AlertEventsAsked(
            after=after,
            severities=None
            if severities is None
            else tuple(rules.Severity[each.name] for each in severities),
            config_ids=None if config_ids is None else tuple(config_ids),
        )
        followed = await follow_alerts(info.context, asked)
        return Source(_alerts(followed.rows), str(followed.start))

    @followed(
        "What comes into the caller's inbox, each thing once, in its order; its id is its cursor.",
        Notification | None,
    )
    async def notification_received(self, info: Info, after: Cursor = None) -> object:
        followed = await follow_notifications(info.context, after)
        return Source(_notifications(followed.rows), str(followed.start))

    @followed(
        "The summary of now, and again whenever its numbers may have changed: once a second at most.",
        Summary | None,
    )
    def summary_updates(
        self,
        info: Info,
        range: Range,
        event_types: Annotated[
            list[str] | None,
            strawberry.argument(description="Only these types; all that you may see without it."),
        ] = None,
        filter: Condition = None,
        time_zone: Zone = UTC,
        compare_to: CompareTo = None,
    ) -> object:
        return Source(_changes(follow_changes(info.context)))


async def _alerts(rows: AsyncGenerator[AlertEvent, None]) -> AsyncGenerator[Happening, None]:
    async with aclosing(rows) as events:
        async for event in events:
            show = partial(shown.shown_alert_event, event)
            yield Happening(("alert", event.id), str(event.id), show)


async def _notifications(rows: AsyncGenerator[Inboxed, None]) -> AsyncGenerator[Happening, None]:
    """What was read is the reader's own; the rest is the same for all."""
    async with aclosing(rows) as events:
        async for each in events:
            key = ("notification", each.id, each.read_at)
            yield Happening(key, str(each.id), partial(shown_notification, each))


async def _changes(source: AsyncGenerator[int, None]) -> AsyncGenerator[Happening, None]:
    async with aclosing(source) as numbers:
        async for number in numbers:
            yield Happening(("change", number), priced=True)
