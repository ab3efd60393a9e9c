"""What must fit together in an alert config, beyond each field on its own."""

from collections.abc import Iterator

from domain.alert_configs import Aggregate, AlertConfig, AlertMeasure
from domain.alerts import AlertType
from domain.catalogue import Catalogue, EventType
from domain.errors import InvalidInput, UnknownName
from domain.filters import validated

MOST_GROUP_DIMENSIONS = 4
_OF = {
    Aggregate.SUM,
    Aggregate.AVG,
    Aggregate.MIN,
    Aggregate.MAX,
    Aggregate.QUANTILE,
}


def measure_problems(measure: AlertMeasure, catalogue: Catalogue) -> Iterator[InvalidInput]:
    """What of a measure the catalogue does not know."""
    if not measure.event_type:
        return
    event_type = catalogue.types.get(measure.event_type)
    if event_type is None:
        yield UnknownName(
            "event type", measure.event_type, catalogue.types, field="measure.eventType"
        )
        return
    yield from _aggregate_problems(measure, event_type)
    for name in measure.group_by:
        if name not in event_type.dimensions:
            yield UnknownName("dimension", name, event_type.dimensions, field="measure.groupBy")
    if len(measure.group_by) > MOST_GROUP_DIMENSIONS:
        yield _wrong(
            "measure.groupBy", f"has more than {MOST_GROUP_DIMENSIONS} dimensions", "OVER_LIMIT"
        )
    if measure.filter is not None:
        try:
            validated(measure.filter, event_type, "measure.filter")
        except InvalidInput as problem:
            yield problem


def check_config(config: AlertConfig) -> Iterator[InvalidInput]:
    """What does not fit together."""
    if config.threshold is None and config.type is not AlertType.ANOMALY:
        yield InvalidInput(
            f"threshold is missing. Valid: a number; {config.type.name} compares to it.",
            code="REQUIRED",
            field="threshold",
        )
    directed = config.type in (AlertType.ANOMALY, AlertType.RATE_OF_CHANGE)
    if directed and (config.threshold or 0) < 0:
        yield _wrong("threshold", "is below 0; direction says which way a change must go")
    score = config.threshold if config.type is AlertType.ANOMALY else None
    if score is not None and (score == 0 or score >= 1):
        yield _wrong("threshold", "is a score of an anomaly: above 0 and below 1")
    yield from _recovery_problems(config)
    if config.complete_only and config.every > config.window:
        yield _wrong("every", "is longer than the window, so that whole windows would be skipped")


def _recovery_problems(config: AlertConfig) -> Iterator[InvalidInput]:
    if config.recovery is None or config.threshold is None:
        return
    if config.type is AlertType.ANOMALY:
        yield _wrong("recoveryThreshold", "has no meaning for ANOMALY; leave it out")
    elif config.type is AlertType.THRESHOLD_BELOW and config.recovery < config.threshold:
        yield _wrong("recoveryThreshold", f"must be at least the threshold, {config.threshold:g}")
    elif config.type is not AlertType.THRESHOLD_BELOW and config.recovery > config.threshold:
        yield _wrong("recoveryThreshold", f"must be at most the threshold, {config.threshold:g}")


def _aggregate_problems(measure: AlertMeasure, event_type: EventType) -> Iterator[InvalidInput]:
    name = measure.aggregate.name
    valid = ", ".join(sorted(event_type.measures)) or "none"
    if measure.aggregate not in _OF and measure.of is not None:
        yield _wrong("measure.of", f"does not go with {name}; leave it out")
    elif measure.aggregate in _OF and measure.of is None:
        yield InvalidInput(
            f"measure.of is missing. Valid: {valid}.", code="REQUIRED", field="measure.of"
        )
    elif measure.of is not None and measure.of not in event_type.measures:
        yield UnknownName("measure", measure.of, event_type.measures, field="measure.of")
    if measure.aggregate is Aggregate.QUANTILE:
        if measure.q is None or not 0 <= measure.q <= 1:
            yield _wrong("measure.q", "must be from 0 to 1; the median is 0.5", "INVALID_QUANTILE")
    elif measure.q is not None:
        yield _wrong("measure.q", f"does not go with {name}; leave it out")


def _wrong(field: str, what: str, code: str = "INVALID_ALERT_CONFIG") -> InvalidInput:
    return InvalidInput(f"{field} {what}.", code=code, field=field)
