"""Notifications: questions and commands."""

from typing import Annotated

import strawberry

from domain.recipients import Channel
from graph.arguments import After, First
from graph.fields import command, computed
from graph.notification_inputs import (
    DeleteNotificationPreferencesInput,
    MarkNotificationsReadInput,
    NotificationPreferencesInput,
    SetNotificationRoutesInput,
)
from graph.types import notifications as shown
from resolvers import notifications
from resolvers.scope import Scope

Info = strawberry.Info[Scope, None]
_FIRST = 100


@strawberry.type
class NotificationQuestions:
    @computed(
        "The caller's own notifications in-app, the newest first.",
        shown.NotificationConnection | None,
    )
    async def notifications(
        self,
        info: Info,
        first: First = _FIRST,
        after: After = None,
        unread: Annotated[
            bool, strawberry.argument(description="Only those that were not read.")
        ] = False,
    ) -> object:
        page = await notifications.notifications(info.context, first, after, unread=unread)
        return shown.shown_inbox(page)

    @computed(
        "Why notifications of an alert were sent or not.",
        list[shown.NotificationExplanation] | None,
    )
    async def explain_notification(
        self,
        info: Info,
        alert_id: Annotated[strawberry.ID, strawberry.argument(description="The alert.")],
        channel: Annotated[
            shown.NotificationChannel | None, strawberry.argument(description="Only by this one.")
        ] = None,
        recipient: Annotated[
            str | None, strawberry.argument(description="Only to this one, as a route names it.")
        ] = None,
    ) -> object:
        by = None if channel is None else Channel[channel.name]
        found = await notifications.explain_notification(info.context, alert_id, by, recipient)
        return shown.shown_explanations(found)

    @computed(
        "The preferences of the caller or, for admins, of any user or team.",
        shown.NotificationPreferences | None,
    )
    async def notification_preferences(
        self,
        info: Info,
        recipient: Annotated[
            str | None,
            strawberry.argument(description="user: or team: with a name; the caller without it."),
        ] = None,
    ) -> object:
        found = await notifications.notification_preferences(info.context, recipient)
        return shown.shown_preferences(found)

    @computed("Everybody's preferences.", list[shown.NotificationPreferences] | None)
    async def notification_recipients(self, info: Info) -> object:
        found = await notifications.notification_recipients(info.context)
        return [shown.shown_preferences(each) for each in found]

    @computed("Who is told of what by which channel.", list[shown.NotificationRoute] | None)
    async def notification_routes(self, info: Info) -> object:
        return [
            shown.shown_route(each)
            for each in await notifications.notification_routes(info.context)
        ]


@strawberry.type
class NotificationCommands:
    @command(
        "Set what a user or team wants to be told, and where.",
        shown.NotificationPreferencesPayload | None,
    )
    async def set_notification_preferences(
        self,
        info: Info,
        input: Annotated[
            NotificationPreferencesInput, strawberry.argument(description="The preferences.")
        ],
    ) -> object:
        quiet = input.quiet_hours
        done = await notifications.set_notification_preferences(
            info.context,
            input.recipient,
            input.by_channel(),
            input.least(),
            input.in_app,
            None if quiet is None else quiet.given(),
            input.members,
        )
        return shown.shown_preferences_payload(done)

    @command("Forget preferences and addresses.", shown.DeleteNotificationPreferencesPayload | None)
    async def delete_notification_preferences(
        self,
        info: Info,
        input: Annotated[
            DeleteNotificationPreferencesInput, strawberry.argument(description="Whose.")
        ],
    ) -> object:
        deleted = await notifications.delete_notification_preferences(info.context, input.recipient)
        return shown.DeleteNotificationPreferencesPayload(deleted=deleted)

    @command("Set the routing table as a whole.", shown.NotificationRoutesPayload | None)
    async def set_notification_routes(
        self,
        info: Info,
        input: Annotated[SetNotificationRoutesInput, strawberry.argument(description="The table.")],
    ) -> object:
        given = [each.given() for each in input.routes]
        done = await notifications.set_notification_routes(info.context, given)
        return shown.shown_routes_payload(done)

    @command(
        "Note that the caller has read notifications.", shown.MarkNotificationsReadPayload | None
    )
    async def mark_notifications_read(
        self,
        info: Info,
        input: Annotated[MarkNotificationsReadInput, strawberry.argument(description="Which.")],
    ) -> object:
        unread = await notifications.mark_notifications_read(info.context, input.ids)
        return shown.MarkNotificationsReadPayload(unread=unread)
