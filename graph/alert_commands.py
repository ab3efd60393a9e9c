"""Commands on alerts and their configs."""

from typing import Annotated

import strawberry

from graph.alert_inputs import (
    AcknowledgeAlertsInput,
    AlertConfigFields,
    BacktestAlertConfigInput,
    CommentAlertInput,
    CreateAlertConfigInput,
    DeleteAlertConfigInput,
    ExpireSilenceInput,
    ImportAlertConfigsInput,
    ResolveAlertInput,
    SilenceInput,
    TestAlertConfigInput,
    UpdateAlertConfigInput,
)
from graph.fields import command
from graph.types import alert_configs as shown
from graph.types import alerts as types
from graph.types.alert_enums import AcknowledgeOutcome
from resolvers import alert_configs, alert_trials, alert_views, alerts
from resolvers.alert_configs import Document
from resolvers.scope import Scope

Info = strawberry.Info[Scope, None]


@strawberry.type
class AlertCommands:
    @command("Keep a new alert config; it is evaluated at once.", shown.AlertConfigPayload | None)
    async def create_alert_config(
        self,
        info: Info,
        input: Annotated[CreateAlertConfigInput, strawberry.argument(description="The config.")],
    ) -> object:
        made = await alert_configs.create_alert_config(info.context, input.document())
        return shown.shown_payload(made)

    @command(
        "Change an alert config. Where it then watches something else, its open alerts end.",
        shown.AlertConfigPayload | None,
    )
    async def update_alert_config(
        self,
        info: Info,
        input: Annotated[UpdateAlertConfigInput, strawberry.argument(description="The changes.")],
    ) -> object:
        made = await alert_configs.update_alert_config(info.context, input.id, input.document())
        return shown.shown_payload(made)

    @command(
        "Delete an alert config. Its open alerts end; their history stays.",
        shown.DeleteAlertConfigPayload | None,
    )
    async def delete_alert_config(
        self,
        info: Info,
        input: Annotated[DeleteAlertConfigInput, strawberry.argument(description="Which.")],
    ) -> object:
        done = await alert_configs.delete_alert_config(info.context, input.id)
        return shown.DeleteAlertConfigPayload(
            deleted_id=None if done.deleted_id is None else strawberry.ID(done.deleted_id),
            user_errors=types.shown_errors(done.user_errors),
        )

    @command(
        "Make the configs of an export, or change those of the same name; all or none.",
        shown.ImportAlertConfigsPayload | None,
    )
    async def import_alert_configs(
        self,
        info: Info,
        input: Annotated[ImportAlertConfigsInput, strawberry.argument(description="The configs.")],
    ) -> object:
        done = await alert_configs.import_alert_configs(info.context, input.configs)
        return shown.ImportAlertConfigsPayload(
            created=done.created,
            updated=done.updated,
            user_errors=types.shown_errors(done.user_errors),
        )

    @command(
        "Evaluate an alert config now without keeping anything.",
        shown.TestAlertConfigPayload | None,
    )
    async def test_alert_config(
        self,
        info: Info,
        input: Annotated[TestAlertConfigInput, strawberry.argument(description="The config.")],
    ) -> object:
        given = _document(input.config)
        return shown.shown_trial(await alert_trials.try_alert_config(info.context, input.id, given))

    @command(
        "Run an alert config over history: when would it have fired?",
        shown.BacktestAlertConfigPayload | None,
    )
    async def backtest_alert_config(
        self,
        info: Info,
        input: Annotated[
            BacktestAlertConfigInput, strawberry.argument(description="The config and the range.")
        ],
    ) -> object:
        done = await alert_trials.backtest_alert_config(
            info.context, input.id, _document(input.config), input.range.spec()
        )
        return shown.shown_backtest(done)

    @command(
        "Say that you are at these alerts. Of callers that race for one, exactly one gets it.",
        types.AlertsPayload | None,
    )
    async def acknowledge_alerts(
        self,
        info: Info,
        input: Annotated[AcknowledgeAlertsInput, strawberry.argument(description="Which.")],
    ) -> object:
        done = await alerts.acknowledge_alerts(info.context, input.ids, input.comment)
        return types.AlertsPayload(
            results=[
                types.Acknowledgement(
                    id=strawberry.ID(each.id),
                    outcome=AcknowledgeOutcome[each.outcome],
                    alert=None if each.alert is None else types.shown_alert(each.alert),
                )
                for each in done.results
            ],
            user_errors=types.shown_errors(done.user_errors),
        )

    @command(
        "End an alert by hand. It fires again where its condition still holds.",
        types.AlertPayload | None,
    )
    async def resolve_alert(
        self,
        info: Info,
        input: Annotated[ResolveAlertInput, strawberry.argument(description="Which.")],
    ) -> object:
        return _alert(await alerts.resolve_alert(info.context, input.id, input.comment))

    @command("Leave a comment in the history of an alert.", types.AlertPayload | None)
    async def comment_alert(
        self,
        info: Info,
        input: Annotated[CommentAlertInput, strawberry.argument(description="The comment.")],
    ) -> object:
        return _alert(await alerts.comment_alert(info.context, input.id, input.text))

    @command(
        "Hold back notices about alerts that match. What still fires afterwards is told then.",
        types.SilencePayload | None,
    )
    async def silence_alerts(
        self,
        info: Info,
        input: Annotated[SilenceInput, strawberry.argument(description="Which, until when.")],
    ) -> object:
        matchers = [(each.label, each.values) for each in input.matchers]
        done = await alerts.silence_alerts(
            info.context, matchers, input.starts_at, input.until, input.comment
        )
        return _silence(done)

    @command("End a silence before its time.", types.SilencePayload | None)
    async def expire_silence(
        self,
        info: Info,
        input: Annotated[ExpireSilenceInput, strawberry.argument(description="Which.")],
    ) -> object:
        return _silence(await alerts.end_silence(info.context, input.id))


def _document(given: AlertConfigFields | None) -> Document | None:
    return None if given is None else given.document()


def _alert(done: alert_views.AlertPayload) -> types.AlertPayload:
    return types.AlertPayload(
        alert=None if done.alert is None else types.shown_alert(done.alert),
        user_errors=types.shown_errors(done.user_errors),
    )


def _silence(done: alerts.SilencePayload) -> types.SilencePayload:
    return types.SilencePayload(
        silence=None if done.silence is None else types.shown_silence(done.silence),
        user_errors=types.shown_errors(done.user_errors),
    )
