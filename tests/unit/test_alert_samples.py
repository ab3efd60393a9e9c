"""From measured numbers to what is compared, and the words for it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf
from uuid import uuid4

import pytest

from domain.alert_configs import (
    Aggregate,
    AlertConfig,
    AlertMeasure,
    Baseline,
    ChangeUnit,
    Direction,
)
from domain.alert_reads import asked, read_key, shared, value_at
from domain.alert_records import Matcher, Silence, is_silenced
from domain.alert_samples import change_sample, threshold_sample
from domain.alerts import AlertType, Severity
from domain.questions import COUNT, ERRORS, Columns

AT = datetime(2026, 3, 10, 12, 7, 42, tzinfo=UTC)
HOUR = timedelta(hours=1)
CONFIG = AlertConfig(
    name="c",
    severity=Severity.WARNING,
    type=AlertType.RATE_OF_CHANGE,
    measure=AlertMeasure("api_request", Aggregate.ERROR_RATE),
    window=HOUR,
    every=timedelta(minutes=1),
    threshold=50.0,
)


@pytest.mark.parametrize(
    ("unit", "direction", "value", "baseline", "compared"),
    [
        (ChangeUnit.PERCENT, Direction.UP, 30, 20, 50),
        (ChangeUnit.PERCENT, Direction.DOWN, 30, 20, -50),
        (ChangeUnit.PERCENT, Direction.EITHER, 10, 20, 50),
        (ChangeUnit.ABSOLUTE, Direction.UP, 30, 20, 10),
        (ChangeUnit.ABSOLUTE, Direction.DOWN, 5, 20, 15),
        (ChangeUnit.PERCENT, Direction.UP, 5, -10, 150),
        (ChangeUnit.PERCENT, Direction.UP, 0, 0, 0),
        (ChangeUnit.PERCENT, Direction.UP, 1, 0, inf),
        (ChangeUnit.PERCENT, Direction.DOWN, 1, 0, -inf),
        (ChangeUnit.PERCENT, Direction.UP, None, 1, None),
        (ChangeUnit.PERCENT, Direction.UP, 1, None, None),
    ],
)
def test_a_change_counts_in_its_unit_and_direction(
    unit: ChangeUnit,
    direction: Direction,
    value: float | None,
    baseline: float | None,
    compared: float | None,
) -> None:
    config = replace(CONFIG, change=unit, direction=direction)
    assert change_sample(config, value, baseline).compared == compared


def test_the_reason_says_what_was_measured_and_which_side_of_the_threshold_it_is() -> None:
    assert change_sample(CONFIG, 0.3, 0.1).reason == (
        "error_rate of api_request over PT1H is 0.3, +200% against 0.1 the window before, above 50%"
    )
    last_week = replace(CONFIG, baseline=Baseline.SAME_HOUR_LAST_WEEK)
    assert change_sample(last_week, 0.1, 0.1).reason.endswith("a week before, not above 50%")
    below = replace(CONFIG, type=AlertType.THRESHOLD_BELOW, threshold=2.0)
    assert threshold_sample(below, 1234.5).reason.endswith("is 1,234.5, not below 2")


def test_a_rate_is_one_number_of_two_counts_and_none_without_events() -> None:
    columns = Columns({COUNT: [4, 0], ERRORS: [1, 0]})
    failed = AlertMeasure("api_request", Aggregate.ERROR_RATE)
    fine = AlertMeasure("api_request", Aggregate.SUCCESS_RATE)
    assert [value_at(failed, columns, row) for row in (0, 1)] == [0.25, None]
    assert [value_at(fine, columns, row) for row in (0, 1)] == [0.75, None]


def test_a_group_without_events_counts_0_and_has_no_mean() -> None:
    assert value_at(AlertMeasure("order", Aggregate.COUNT), None, 0) == 0
    assert value_at(AlertMeasure("order", Aggregate.AVG, "value"), None, 0) is None


def test_configs_of_the_same_window_and_filter_share_a_read() -> None:
    edges = (AT - HOUR, AT)
    configs = [
        replace(
            CONFIG, type=AlertType.THRESHOLD_ABOVE, measure=replace(CONFIG.measure, aggregate=each)
        )
        for each in (Aggregate.COUNT, Aggregate.ERROR_RATE, Aggregate.UNIQUE_USERS)
    ]
    reads = [read for config in configs for read in asked(config, edges).reads]
    (together,) = shared(reads).values()
    assert together.measures == reads[0].measures | reads[1].measures | reads[2].measures
    assert {read_key(read) for read in reads} == {read_key(together)}


def test_a_baseline_is_the_window_before_or_a_week_before() -> None:
    edges = (AT - HOUR, AT)
    before = asked(CONFIG, edges).baseline
    last_week = asked(replace(CONFIG, baseline=Baseline.SAME_HOUR_LAST_WEEK), edges).baseline
    assert before is not None and before.edges == (AT - 2 * HOUR, AT - HOUR)
    assert last_week is not None and last_week.edges[1] == AT - timedelta(days=7)


def test_windows_end_at_the_slot_before_the_delay_or_at_a_whole_multiple() -> None:
    slot = CONFIG.slot(AT)
    assert slot == AT.replace(second=0)
    assert CONFIG.window_end(slot) == slot
    late = replace(CONFIG, delay=timedelta(minutes=5))
    assert late.window_end(slot) == slot - timedelta(minutes=5)
    whole = replace(late, complete_only=True)
    assert whole.window_end(slot) == AT.replace(minute=0, second=0)
    assert replace(whole, delay=10 * timedelta(minutes=1)).window_end(slot) == AT.replace(
        hour=11, minute=0, second=0
    )


def test_a_silence_holds_from_start_to_end_where_all_its_matchers_match() -> None:
    from_now = Silence(
        id=uuid4(),
        matchers=(Matcher("team", ("web", "shop")), Matcher("severity", ("info",))),
        starts_at=AT,
        ends_at=AT + HOUR,
        comment="",
        created_by="ada",
    )
    labels = {"team": "shop", "severity": "info"}
    assert is_silenced(labels, [from_now], AT)
    assert not is_silenced(labels, [from_now], AT + HOUR)
    assert not is_silenced(labels, [from_now], AT - HOUR)
    assert not is_silenced({**labels, "severity": "critical"}, [from_now], AT)
    assert not is_silenced({"severity": "info"}, [from_now], AT)
