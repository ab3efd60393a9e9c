"""The sections of a dashboard over one range, each computed where it is selected and failing alone."""

import strawberry

from graph.arguments import After, First
from graph.fields import computed
from graph.section_arguments import Info
from graph.selection import selection_of
from graph.types.alerts import AlertConnection, shown_connection
from graph.types.business import Business
from graph.types.health import SystemHealth
from graph.types.meta import Meta
from graph.types.ml import MlPipelines
from resolvers.alerts import OPEN, AlertsAsked, alerts
from resolvers.figure_section import FigureSection
from resolvers.ml import MlSection
from resolvers.section_parts import Section

Root = strawberry.Parent[Section]
_FIRST_ALERTS = 100


@strawberry.type(
    description="The sections of a dashboard over one range. One that fails, or that your role may not"
    " see, is null with its error; the others stand."
)
class DashboardSummary:
    @computed("How the services, their API and this database are.", SystemHealth | None)
    def system_health(root: Root) -> object:
        return root.nested()

    @computed("The jobs of machine-learning pipelines.", MlPipelines | None)
    def ml_pipelines(root: Root) -> object:
        return MlSection(root.nested())

    @computed("Sales, products, collections, and the way to an order.", Business | None)
    def business(root: Root) -> object:
        return FigureSection(root.nested(), None)

    @computed(
        "Alerts that are not over, whatever the range; the newest first.", AlertConnection | None
    )
    async def active_alerts(
        root: Root, info: Info, first: First = _FIRST_ALERTS, after: After = None
    ) -> object:
        selected = selection_of(info)
        history = "history" in selected.at("nodes") or "history" in selected.at("edges", "node")
        asked = AlertsAsked(OPEN, None, None, None, first, after, history)
        return shown_connection(await alerts(info.context, asked))

    @computed("How good all selected sections are together.", Meta)
    async def meta(root: Root) -> object:
        return await root.meta()
