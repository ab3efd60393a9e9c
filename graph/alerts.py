"""Questions about alerts and their configs."""

from typing import Annotated

import strawberry

from domain import alert_records
from domain import alerts as rules
from graph.arguments import After, First
from graph.fields import computed
from graph.inputs import RangeInput
from graph.scalars import JSON
from graph.selection import selection_of
from graph.types.alert_configs import (
    AlertConfig,
    AlertConfigConnection,
    shown_config,
    shown_configs,
)
from graph.types.alert_enums import AlertStatus, Severity
from graph.types.alerts import AlertConnection, Silence, shown_connection, shown_silence
from resolvers.alert_configs import alert_config, alert_configs, export_alert_configs
from resolvers.alerts import OPEN, AlertsAsked, alerts, silences
from resolvers.scope import Scope

Info = strawberry.Info[Scope, None]
_FIRST = 100


@strawberry.type
class AlertQuestions:
    @computed("The alert configs by name.", AlertConfigConnection | None)
    async def alert_configs(self, info: Info, first: First = _FIRST, after: After = None) -> object:
        states = "states" in selection_of(info).at("nodes")
        return shown_configs(await alert_configs(info.context, first, after, states=states))

    @computed("One alert config; null where there is none.", AlertConfig | None)
    async def alert_config(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    ) -> object:
        states = "states" in selection_of(info)
        found = await alert_config(info.context, id, states=states)
        return None if found is None else shown_config(found)

    @computed("Alert configs as JSON, to be imported elsewhere.", JSON | None)
    async def export_alert_configs(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(description="Which configs; all of them without it."),
        ] = None,
    ) -> object:
        return await export_alert_configs(info.context, ids)

    @computed("Alerts, the newest first.", AlertConnection | None)
    async def alerts(
        self,
        info: Info,
        status: Annotated[
            list[AlertStatus] | None, strawberry.argument(description="Only of these.")
        ] = None,
        severity: Annotated[
            list[Severity] | None, strawberry.argument(description="Only of these.")
        ] = None,
        config_ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(description="Only those of these configs."),
        ] = None,
        range: Annotated[
            RangeInput | None,
            strawberry.argument(description="Only those that fired in this span; in UTC."),
        ] = None,
        first: First = _FIRST,
        after: After = None,
    ) -> object:
        asked = AlertsAsked(
            statuses=None
            if status is None
            else tuple(alert_records.AlertStatus[each.name] for each in status),
            severities=None
            if severity is None
            else tuple(rules.Severity[each.name] for each in severity),
            config_ids=None if config_ids is None else tuple(config_ids),
            range=None if range is None else range.spec(),
            first=first,
            after=after,
            history=_history(info),
        )
        return shown_connection(await alerts(info.context, asked))

    @computed("Alerts that are not over, the newest first.", AlertConnection | None)
    async def active_alerts(self, info: Info, first: First = _FIRST, after: After = None) -> object:
        asked = AlertsAsked(OPEN, None, None, None, first, after, _history(info))
        return shown_connection(await alerts(info.context, asked))

    @computed("Silences, those that end last first.", list[Silence] | None)
    async def silences(self, info: Info, first: First = _FIRST) -> object:
        return [shown_silence(each) for each in await silences(info.context, first)]


def _history(info: Info) -> bool:
    selected = selection_of(info)
    return "history" in selected.at("nodes") or "history" in selected.at("edges", "node")
