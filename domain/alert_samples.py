"""From measured numbers to samples: the change, the direction, and the reason in words."""

from math import inf, isfinite

from domain.alert_configs import AlertConfig, AlertMeasure, Baseline, ChangeUnit, Direction
from domain.alerts import AlertType, Sample
from domain.fields import duration_text


def threshold_sample(config: AlertConfig, value: float | None) -> Sample:
    """The sample of a threshold config: what was measured is what is compared."""
    if value is None:
        return Sample(reason=f"{described(config)} has no value: there were no events")
    return Sample(value, value, f"{described(config)} is {shown(value)}, {_side(config, value)}")


def change_sample(config: AlertConfig, value: float | None, baseline: float | None) -> Sample:
    """The sample of a rate of change: `compared` grows with the change in the config's direction.

    Growth from 0 is infinitely many percent; without a value or a baseline there is no change.
    """
    if value is None or baseline is None:
        what = "value" if value is None else "earlier value"
        return Sample(value, reason=f"{described(config)} has no {what} to compare")
    change = _change(config, value, baseline)
    compared = {Direction.UP: change, Direction.DOWN: -change, Direction.EITHER: abs(change)}[
        config.direction
    ]
    unit = "%" if config.change is ChangeUnit.PERCENT else ""
    moved = f"{change:+.4g}{unit}" if isfinite(change) else "up from 0"
    earlier = (
        "the window before" if config.baseline is Baseline.PREVIOUS_WINDOW else "a week before"
    )
    reason = (
        f"{described(config)} is {shown(value)}, {moved} against {shown(baseline)} {earlier},"
        f" {_side(config, compared)}{unit}"
    )
    return Sample(value, compared, reason)


def described(config: AlertConfig) -> str:
    """The measure in words, as `error_rate of api_request over PT5M`."""
    return f"{measured(config.measure)} over {duration_text(config.window)}"


def measured(measure: AlertMeasure) -> str:
    """The aggregate and the events in words."""
    of = "" if measure.of is None else f"({measure.of})"
    q = "" if measure.q is None else f" {measure.q:g}"
    return f"{measure.aggregate.value}{q}{of} of {measure.event_type}"


def shown(value: float) -> str:
    """A number as people read it."""
    return f"{value:,.6g}"


def _change(config: AlertConfig, value: float, baseline: float) -> float:
    difference = value - baseline
    if config.change is ChangeUnit.ABSOLUTE:
        return difference
    if baseline == 0:
        return inf if difference > 0 else -inf if difference < 0 else 0.0
    return 100.0 * difference / abs(baseline)


def _side(config: AlertConfig, compared: float) -> str:
    assert config.threshold is not None
    below = config.type is AlertType.THRESHOLD_BELOW
    beyond = compared < config.threshold if below else compared > config.threshold
    side = "below" if below else "above"
    return f"{side if beyond else f'not {side}'} {shown(config.threshold)}"
