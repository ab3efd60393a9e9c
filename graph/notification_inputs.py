"""What mutations of notifications take."""

import strawberry

from domain.alerts import Severity as Severe
from domain.recipients import Channel
from graph.scalars import Duration
from graph.types.alert_enums import Severity
from graph.types.notifications import NotificationChannel
from resolvers.notifications import QuietGiven, RouteGiven


@strawberry.input(description="Where someone can be reached.")
class NotificationAddressInput:
    channel: NotificationChannel = strawberry.field(description="By what; not IN_APP.")
    address: str = strawberry.field(
        description="name@example.com, +4915112345678, or an https:// URL."
    )


@strawberry.input(description="When only what matters comes through.")
class QuietHoursInput:
    start: str = strawberry.field(description="From this time of day on, as 22:00.")
    end: str = strawberry.field(description="Until this one; of the next day if it is earlier.")
    time_zone: str = strawberry.field(description="On the clock of this zone.")
    hold_critical: bool = strawberry.field(
        default=False, description="Whether critical alerts wait as well."
    )

    def given(self) -> QuietGiven:
        """As the rules take it."""
        return QuietGiven(self.start, self.end, self.time_zone, self.hold_critical)


@strawberry.input(description="All preferences of one recipient; what is left out has its default.")
class NotificationPreferencesInput:
    recipient: str | None = strawberry.field(
        default=None,
        description="user: with a subject, or team: with a name, for admins; the caller without it.",
    )
    addresses: list[NotificationAddressInput] | None = strawberry.field(
        default=None, description="A channel that is not here is not used."
    )
    min_severity: Severity | None = strawberry.field(
        default=None, description="Nothing below it; INFO without it."
    )
    in_app: bool | None = strawberry.field(
        default=None, description="Whether to list notifications in-app; true without it."
    )
    quiet_hours: QuietHoursInput | None = strawberry.field(
        default=None, description="None without it."
    )
    members: list[str] | None = strawberry.field(
        default=None, description="Of a team: the subjects who see in-app what it is told."
    )

    def by_channel(self) -> dict[Channel, str]:
        """The addresses; of two for one channel the last."""
        return {Channel[each.channel.name]: each.address for each in self.addresses or ()}

    def least(self) -> Severe | None:
        """The least severity, if one is given."""
        return None if self.min_severity is None else Severe[self.min_severity.name]


@strawberry.input(description="Whose preferences to forget.")
class DeleteNotificationPreferencesInput:
    recipient: str | None = strawberry.field(
        default=None, description="As in setNotificationPreferences; the caller without it."
    )


@strawberry.input(description="Alerts of a severity go to a recipient by a channel.")
class NotificationRouteInput:
    severity: Severity = strawberry.field(description="Which alerts.")
    channel: NotificationChannel = strawberry.field(description="By what.")
    recipient: str = strawberry.field(
        description="An address, user: or team: with a name, default (Slack), or * for all."
    )
    after: Duration | None = strawberry.field(
        default=None,
        description="Tell only once nobody acknowledged for so long; at once without it.",
    )
    repeat_every: Duration | None = strawberry.field(
        default=None, description="Tell again until someone acknowledges; once without it."
    )

    def given(self) -> RouteGiven:
        """As the rules take it."""
        return RouteGiven(
            Severe[self.severity.name],
            Channel[self.channel.name],
            self.recipient,
            self.after,
            self.repeat_every,
        )


@strawberry.input(description="The whole routing table.")
class SetNotificationRoutesInput:
    routes: list[NotificationRouteInput] = strawberry.field(
        description="They take the place of all that there are."
    )


@strawberry.input(description="What was read.")
class MarkNotificationsReadInput:
    ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Which; everything without it."
    )
