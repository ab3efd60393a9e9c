"""Sections: how the system runs, what a user did, and the dashboard of them."""

from typing import Annotated

import strawberry

from graph.arguments import UTC, CompareTo, Range, Zone, when
from graph.fields import computed
from graph.section_arguments import Info
from graph.types.dashboard_summary import DashboardSummary
from graph.types.health import SystemHealth
from graph.types.ml import MlPipelines
from graph.types.users import UserAnalytics
from resolvers.ml import MlSection
from resolvers.section_parts import Section
from resolvers.users import user_analytics

Providers = Annotated[
    list[str] | None,
    strawberry.argument(description="Only jobs at these providers; all of them without it."),
]


@strawberry.type
class Operations:
    @computed("How the services, their API and this database are.", SystemHealth | None)
    def system_health(
        self, info: Info, range: Range, time_zone: Zone = UTC, compare_to: CompareTo = None
    ) -> object:
        return Section.of(info.context, when(range, time_zone, compare_to))

    @computed("The jobs of machine-learning pipelines.", MlPipelines | None)
    def ml_pipelines(
        self,
        info: Info,
        range: Range,
        providers: Providers = None,
        time_zone: Zone = UTC,
        compare_to: CompareTo = None,
    ) -> object:
        section = Section.of(info.context, when(range, time_zone, compare_to))
        return MlSection.of(section, providers)

    @computed("The sections of a dashboard over one range.", DashboardSummary | None)
    def dashboard_summary(
        self, info: Info, range: Range, time_zone: Zone = UTC, compare_to: CompareTo = None
    ) -> object:
        return Section.of(info.context, when(range, time_zone, compare_to))

    @computed(
        "What one user did in all, exactly and since ever, of the event types that you may see;"
        " null for an unknown user.",
        UserAnalytics | None,
    )
    async def user_analytics(
        self,
        info: Info,
        user_id: Annotated[
            strawberry.ID, strawberry.argument(description="The userId of the events.")
        ],
    ) -> object:
        return await user_analytics(info.context, user_id)
