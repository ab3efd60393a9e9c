"""What mutations of alerts take. Values are checked by the rules, so that each problem names its field."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

import strawberry
from strawberry.utils.str_converters import to_camel_case

from domain.filter_documents import filter_document
from graph.inputs import FilterInput, RangeInput
from graph.scalars import JSON, Duration
from graph.types.alert_enums import (
    AlertAggregate,
    AlertType,
    Baseline,
    ChangeDirection,
    ChangeUnit,
    NoDataPolicy,
    Severity,
)

UNSET = strawberry.UNSET


@strawberry.input(description="The number to watch.")
class AlertMeasureInput:
    event_type: str = strawberry.field(
        description="An event type of the catalogue; * is every event."
    )
    aggregate: AlertAggregate = strawberry.field(description="What to make of its events.")
    of: str | None = strawberry.field(
        default=None, description="The measure, for SUM, AVG, MIN, MAX and QUANTILE."
    )
    q: float | None = strawberry.field(
        default=None, description="Which quantile, 0 to 1, for QUANTILE."
    )
    filter: FilterInput | None = strawberry.field(
        default=None, description="Which events to count; all without it."
    )
    group_by: list[str] | None = strawberry.field(
        default=None, description="Dimensions; one alert for each of their values."
    )

    def document(self) -> dict[str, Any]:
        """The measure as configs are kept."""
        return {
            "eventType": self.event_type,
            "aggregate": self.aggregate.value,
            "of": self.of,
            "q": self.q,
            "filter": None if self.filter is None else filter_document(self.filter.tree()),
            "groupBy": self.group_by,
        }


@strawberry.input(
    description="Fields of an alert config. What is left out has its default or stays as it is."
)
class AlertConfigFields:
    name: str | None = strawberry.field(
        default=UNSET, description="A name that no other config has; required of a new one."
    )
    description: str | None = strawberry.field(default=UNSET, description="What it is for.")
    severity: Severity | None = strawberry.field(
        default=UNSET, description="How much its alerts matter; required of a new one."
    )
    enabled: bool | None = strawberry.field(
        default=UNSET, description="Whether to evaluate it; true without it."
    )
    type: AlertType | None = strawberry.field(
        default=UNSET, description="What makes a value alarming; required of a new one."
    )
    measure: AlertMeasureInput | None = strawberry.field(
        default=UNSET, description="The number to watch; required of a new one."
    )
    threshold: float | None = strawberry.field(
        default=UNSET,
        description="What to compare to; required but for ANOMALY, whose least score (0 to 1) it is.",
    )
    recovery_threshold: float | None = strawberry.field(
        default=UNSET, description="What an open alert must come back to; the threshold without it."
    )
    change: ChangeUnit | None = strawberry.field(
        default=UNSET, description="How RATE_OF_CHANGE counts; PERCENT without it."
    )
    baseline: Baseline | None = strawberry.field(
        default=UNSET,
        description="What RATE_OF_CHANGE compares with; PREVIOUS_WINDOW without it.",
    )
    direction: ChangeDirection | None = strawberry.field(
        default=UNSET,
        description="Which way RATE_OF_CHANGE and ANOMALY must point; EITHER without it.",
    )
    window: Duration | None = strawberry.field(
        default=UNSET, description="How long a span to measure, PT1M to P31D; PT5M without it."
    )
    hold: Duration | None = strawberry.field(
        name="for",
        default=UNSET,
        description="How long the condition must hold before it fires; PT0S without it.",
    )
    keep_firing_for: Duration | None = strawberry.field(
        default=UNSET,
        description="How long it must not hold before the alert ends; PT0S without it.",
    )
    cooldown: Duration | None = strawberry.field(
        default=UNSET,
        description="The least time between two notices about one alert; PT5M without it.",
    )
    evaluation_delay: Duration | None = strawberry.field(
        default=UNSET,
        description="How long before the evaluation the window ends; PT0S without it.",
    )
    complete_buckets_only: bool | None = strawberry.field(
        default=UNSET, description="Whether to judge whole multiples of the window alone."
    )
    no_data: NoDataPolicy | None = strawberry.field(
        default=UNSET, description="What a window without a value means; NO_DATA without it."
    )
    every: Duration | None = strawberry.field(
        default=UNSET,
        description="How often to evaluate, PT10S to P1D; PT1M without it, PT10S where CRITICAL.",
    )
    labels: JSON | None = strawberry.field(
        default=UNSET, description="Labels for silences, an object of texts."
    )
    runbook_url: str | None = strawberry.field(
        default=UNSET, description="A link to what to do about its alerts."
    )

    def document(self) -> dict[str, Any]:
        """The given fields as configs are kept; null stands for the default."""
        given = ((name, getattr(self, attribute)) for attribute, name in _NAMES.items())
        return {name: _plain(value) for name, value in given if value is not UNSET}


_NAMES: Mapping[str, str] = {
    field.name: "for" if field.name == "hold" else to_camel_case(field.name)
    for field in dataclasses.fields(AlertConfigFields)
}


def _plain(value: object) -> object:
    if isinstance(value, AlertMeasureInput):
        return value.document()
    return value.value if isinstance(value, Enum) else value


@strawberry.input(description="A new alert config.")
class CreateAlertConfigInput(AlertConfigFields):
    pass


@strawberry.input(description="Changes of an alert config; a field of null takes its default.")
class UpdateAlertConfigInput(AlertConfigFields):
    id: strawberry.ID = strawberry.field(description="Which config.")


@strawberry.input(description="An alert config to delete.")
class DeleteAlertConfigInput:
    id: strawberry.ID = strawberry.field(description="Which config.")


@strawberry.input(description="Configs to import: all of them are taken, or none.")
class ImportAlertConfigsInput:
    configs: JSON = strawberry.field(description="A list of configs as exportAlertConfigs gives.")


@strawberry.input(description="A config to evaluate now without keeping anything.")
class TestAlertConfigInput:
    id: strawberry.ID | None = strawberry.field(default=None, description="A config that is kept.")
    config: AlertConfigFields | None = strawberry.field(
        default=None, description="A config, or with an id changes of that one."
    )


@strawberry.input(description="A config to run over history.")
class BacktestAlertConfigInput:
    range: RangeInput = strawberry.field(description="The span of time to run over.")
    id: strawberry.ID | None = strawberry.field(default=None, description="A config that is kept.")
    config: AlertConfigFields | None = strawberry.field(
        default=None, description="A config, or with an id changes of that one."
    )


@strawberry.input(description="Alerts to acknowledge.")
class AcknowledgeAlertsInput:
    ids: list[strawberry.ID] = strawberry.field(description="Which alerts, at most 1,000.")
    comment: str | None = strawberry.field(default=None, description="What to say about it.")


@strawberry.input(description="An alert to end by hand.")
class ResolveAlertInput:
    id: strawberry.ID = strawberry.field(description="Which alert.")
    comment: str | None = strawberry.field(default=None, description="Why it is over.")


@strawberry.input(description="A comment on an alert.")
class CommentAlertInput:
    id: strawberry.ID = strawberry.field(description="Which alert.")
    text: str = strawberry.field(description="The comment.")


@strawberry.input(description="A label and the values that match.")
class SilenceMatcherInput:
    label: str = strawberry.field(
        description="A label: alert, config, severity, eventType, a groupBy dimension, or an own one."
    )
    values: list[str] = strawberry.field(description="The values, of which any matches.")


@strawberry.input(description="Alerts to be silent about.")
class SilenceInput:
    matchers: list[SilenceMatcherInput] = strawberry.field(description="All of these must match.")
    until: datetime = strawberry.field(description="When notices go out again.")
    comment: str = strawberry.field(description="Why.")
    starts_at: datetime | None = strawberry.field(default=None, description="From when; now.")


@strawberry.input(description="A silence to end before its time.")
class ExpireSilenceInput:
    id: strawberry.ID = strawberry.field(description="Which silence.")
