"""Alert configs, and what trying them out shows."""

from datetime import datetime

import strawberry

from domain.alert_configs import AlertMeasure as Measured
from domain.fields import duration_text
from domain.filter_documents import filter_document
from graph.scalars import JSON, Duration
from graph.types.alert_enums import (
    AlertAggregate,
    AlertPhase,
    AlertType,
    Baseline,
    ChangeDirection,
    ChangeUnit,
    NoDataPolicy,
    Severity,
)
from graph.types.alerts import shown_errors, shown_group
from graph.types.answers import DimensionValue
from graph.types.commands import UserError
from graph.types.events import PageInfo
from graph.types.meta import Warning
from resolvers import alert_configs, alert_trials
from resolvers.alert_configs import ShownConfig
from resolvers.alert_views import finite


@strawberry.type(description="The number that is watched.")
class AlertMeasure:
    event_type: str = strawberry.field(description="The event type; * is every event.")
    aggregate: AlertAggregate = strawberry.field(description="What is made of its events.")
    of: str | None = strawberry.field(description="The measure, for SUM to QUANTILE.")
    q: float | None = strawberry.field(description="Which quantile, 0 to 1.")
    filter: JSON | None = strawberry.field(
        description="Which events count, in the shape of FilterInput; null: all."
    )
    group_by: list[str] = strawberry.field(description="Dimensions; one alert per group.")


@strawberry.type(description="Where one group of a config stands.")
class AlertState:
    group: list[DimensionValue] = strawberry.field(description="Which group.")
    phase: AlertPhase = strawberry.field(description="What the last evaluation means.")
    since: datetime = strawberry.field(description="Since when.")
    value: float | None = strawberry.field(description="The last measured number.")
    reason: str = strawberry.field(description="The last evaluation in words.")
    alert_id: strawberry.ID | None = strawberry.field(description="The open alert, if one is.")


@strawberry.type(description="What is watched, when it alarms, how often it is looked at.")
class AlertConfig:
    id: strawberry.ID = strawberry.field(description="Its id.")
    name: str = strawberry.field(description="Its name, which no other config has.")
    description: str = strawberry.field(description="What it is for.")
    severity: Severity = strawberry.field(description="How much its alerts matter.")
    enabled: bool = strawberry.field(description="Whether it is evaluated.")
    type: AlertType = strawberry.field(description="What makes a value alarming.")
    measure: AlertMeasure = strawberry.field(description="The number that is watched.")
    threshold: float | None = strawberry.field(
        description="What is compared to; of ANOMALY the least score, null for the usual."
    )
    recovery_threshold: float | None = strawberry.field(
        description="What an open alert must come back to; null: the threshold."
    )
    change: ChangeUnit = strawberry.field(description="How RATE_OF_CHANGE counts.")
    baseline: Baseline = strawberry.field(description="What RATE_OF_CHANGE compares with.")
    direction: ChangeDirection = strawberry.field(
        description="Which way RATE_OF_CHANGE and ANOMALY must point."
    )
    window: Duration = strawberry.field(description="How long a span is measured.")
    hold: Duration = strawberry.field(
        name="for", description="How long the condition must hold before it fires."
    )
    keep_firing_for: Duration = strawberry.field(
        description="How long it must not hold before the alert ends."
    )
    cooldown: Duration = strawberry.field(
        description="The least time between two notices about one alert."
    )
    evaluation_delay: Duration = strawberry.field(
        description="How long before the evaluation the window ends, for events that come late."
    )
    complete_buckets_only: bool = strawberry.field(
        description="Whether windows are whole multiples of their length, as full hours."
    )
    no_data: NoDataPolicy = strawberry.field(description="What a window without a value means.")
    every: Duration = strawberry.field(description="How often it is evaluated.")
    labels: JSON = strawberry.field(description="Labels for silences, as an object of texts.")
    runbook_url: str | None = strawberry.field(description="What to do about its alerts.")
    version: int = strawberry.field(description="How often it was written.")
    created_at: datetime = strawberry.field(description="When it was made.")
    created_by: str = strawberry.field(description="Who made it.")
    updated_at: datetime = strawberry.field(description="When it was changed last.")
    updated_by: str = strawberry.field(description="Who changed it last.")
    evaluated_at: datetime | None = strawberry.field(description="When it was evaluated last.")
    problem: str | None = strawberry.field(
        description="Why its last evaluation has no value, where that is so."
    )
    states: list[AlertState] = strawberry.field(description="Where its groups stand.")


@strawberry.type(description="One page of configs by name.")
class AlertConfigConnection:
    nodes: list[AlertConfig] = strawberry.field(description="The configs.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


@strawberry.type(description="What became of a change of a config.")
class AlertConfigPayload:
    alert_config: AlertConfig | None = strawberry.field(
        description="The config after it; null: no change."
    )
    user_errors: list[UserError] = strawberry.field(description="Problems of the input; or empty.")


@strawberry.type(description="What became of a config that was to be deleted.")
class DeleteAlertConfigPayload:
    deleted_id: strawberry.ID | None = strawberry.field(
        description="The id of what is gone; null: nothing is."
    )
    user_errors: list[UserError] = strawberry.field(description="Problems of the input; or empty.")


@strawberry.type(description="What an import did: all of it or nothing.")
class ImportAlertConfigsPayload:
    created: int = strawberry.field(description="Configs that are new.")
    updated: int = strawberry.field(description="Configs of the same name that were changed.")
    user_errors: list[UserError] = strawberry.field(description="Problems of the input; or empty.")


@strawberry.type(description="What an evaluation now would find of one group.")
class AlertTrialGroup:
    group: list[DimensionValue] = strawberry.field(description="Which group.")
    value: float | None = strawberry.field(description="The measured number.")
    compared: float | None = strawberry.field(
        description="What is held against the threshold: the number, its change or its score."
    )
    from_phase: AlertPhase = strawberry.field(description="Where it stands.")
    to_phase: AlertPhase = strawberry.field(description="Where it would go.")
    would_notify: bool = strawberry.field(description="Whether people would be told now.")
    reason: str = strawberry.field(description="The evaluation in words.")


@strawberry.type(description="What an evaluation now would find; nothing of it is kept.")
class TestAlertConfigPayload:
    at: datetime | None = strawberry.field(description="The moment that it stands for.")
    groups: list[AlertTrialGroup] = strawberry.field(description="One per group.")
    user_errors: list[UserError] = strawberry.field(description="Problems of the input; or empty.")


@strawberry.type(description="One alert that would have been.")
class BacktestAlert:
    group: list[DimensionValue] = strawberry.field(description="Which group.")
    fired_at: datetime = strawberry.field(description="When it would have fired.")
    resolved_at: datetime | None = strawberry.field(
        description="When it would have ended; null: it would still be open."
    )
    value: float | None = strawberry.field(description="The number that it would have fired at.")
    reason: str = strawberry.field(description="Why, in words.")


@strawberry.type(description="When a config would have fired.")
class BacktestAlertConfigPayload:
    alerts: list[BacktestAlert] = strawberry.field(description="The alerts, the oldest first.")
    notices: int = strawberry.field(description="How many times people would have been told.")
    evaluations: int = strawberry.field(description="How many evaluations were made.")
    step: Duration | None = strawberry.field(description="The time between two of them.")
    warnings: list[Warning] = strawberry.field(description="What to know about the numbers.")
    user_errors: list[UserError] = strawberry.field(description="Problems of the input; or empty.")


def shown_config(shown: ShownConfig) -> AlertConfig:
    """A config as the contract shows it."""
    stored, config = shown.stored, shown.stored.config
    return AlertConfig(
        id=strawberry.ID(shown.id),
        name=config.name,
        description=config.description,
        severity=Severity[config.severity.name],
        enabled=config.enabled,
        type=AlertType[config.type.name],
        measure=_measure(config.measure),
        threshold=config.threshold,
        recovery_threshold=config.recovery,
        change=ChangeUnit[config.change.name],
        baseline=Baseline[config.baseline.name],
        direction=ChangeDirection[config.direction.name],
        window=Duration(duration_text(config.window)),
        hold=Duration(duration_text(config.hold)),
        keep_firing_for=Duration(duration_text(config.keep_firing)),
        cooldown=Duration(duration_text(config.cooldown)),
        evaluation_delay=Duration(duration_text(config.delay)),
        complete_buckets_only=config.complete_only,
        no_data=NoDataPolicy[config.no_data.name],
        every=Duration(duration_text(config.every)),
        labels=JSON(dict(config.labels)),
        runbook_url=config.runbook_url,
        version=stored.version,
        created_at=stored.created_at,
        created_by=stored.created_by,
        updated_at=stored.updated_at,
        updated_by=stored.updated_by,
        evaluated_at=stored.evaluated_at,
        problem=stored.problem,
        states=[_state(each) for each in shown.states],
    )


def shown_configs(page: alert_configs.ConfigConnection) -> AlertConfigConnection:
    """A page of configs as the contract shows it."""
    info = page.page_info
    return AlertConfigConnection(
        nodes=[shown_config(each) for each in page.nodes],
        page_info=PageInfo(has_next_page=info.has_next_page, end_cursor=info.end_cursor),
    )


def shown_payload(payload: alert_configs.ConfigPayload) -> AlertConfigPayload:
    """A changed config as the contract shows it."""
    return AlertConfigPayload(
        alert_config=None if payload.config is None else shown_config(payload.config),
        user_errors=shown_errors(payload.user_errors),
    )


def shown_trial(payload: alert_trials.TrialPayload) -> TestAlertConfigPayload:
    """A dry run as the contract shows it."""
    return TestAlertConfigPayload(
        at=payload.at,
        groups=[
            AlertTrialGroup(
                group=shown_group(each.group),
                value=finite(each.value),
                compared=finite(each.compared),
                from_phase=AlertPhase[each.before],
                to_phase=AlertPhase[each.after],
                would_notify=each.would_notify,
                reason=each.reason,
            )
            for each in payload.groups
        ],
        user_errors=shown_errors(payload.user_errors),
    )


def shown_backtest(payload: alert_trials.BacktestPayload) -> BacktestAlertConfigPayload:
    """A backtest as the contract shows it."""
    result = payload.result
    incidents = result.incidents if result else ()
    return BacktestAlertConfigPayload(
        alerts=[
            BacktestAlert(
                group=shown_group(each.group),
                fired_at=each.fired_at,
                resolved_at=each.resolved_at,
                value=finite(each.value),
                reason=each.reason,
            )
            for each in incidents
        ],
        notices=result.notices if result else 0,
        evaluations=result.evaluations if result else 0,
        step=None if payload.step is None else Duration(payload.step),
        warnings=[Warning(code=each.code, message=each.message) for each in payload.warnings],
        user_errors=shown_errors(payload.user_errors),
    )


def _measure(measure: Measured) -> AlertMeasure:
    return AlertMeasure(
        event_type=measure.event_type,
        aggregate=AlertAggregate[measure.aggregate.name],
        of=measure.of,
        q=measure.q,
        filter=None if measure.filter is None else JSON(filter_document(measure.filter)),
        group_by=list(measure.group_by),
    )


def _state(state: alert_configs.ShownState) -> AlertState:
    return AlertState(
        group=shown_group(state.group),
        phase=AlertPhase[state.phase],
        since=state.since,
        value=finite(state.value),
        reason=state.reason,
        alert_id=None if state.alert_id is None else strawberry.ID(str(state.alert_id)),
    )
