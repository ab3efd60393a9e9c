"""What a sceptic would try on the detector: made series with known troubles, and its promises."""

import math
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.anomaly import LARGEST, Detector, Verdict
from domain.anomaly_state import State
from domain.errors import InvalidInput

DETECTOR = Detector()
STEP = timedelta(minutes=5)
DAY = 288
START = datetime(2026, 3, 2, tzinfo=UTC)

Points = list[tuple[datetime, float | None]]


def points(values: Sequence[float | None], start: datetime = START) -> Points:
    return [(start + row * STEP, value) for row, value in enumerate(values)]


def verdicts(values: Sequence[float | None], detector: Detector = DETECTOR) -> list[Verdict]:
    return detector.run(detector.start(), points(values))[1]


def alarms(values: Sequence[float | None], detector: Detector = DETECTOR) -> list[int]:
    return [row for row, each in enumerate(verdicts(values, detector)) if each.is_anomaly]


def noise(rows: int, seed: int = 1, around: float = 100.0, spread: float = 5.0) -> list[float]:
    chance = random.Random(seed)
    return [chance.gauss(around, spread) for _ in range(rows)]


def daily(rows: int, seed: int = 1) -> list[float]:
    """A quiet night, a peak of four hours each noon, and some noise."""
    return [
        level + (400.0 if DAY * 10 // 24 <= row % DAY < DAY * 14 // 24 else 0.0)
        for row, level in enumerate(noise(rows, seed))
    ]


@cache
def learned() -> State:
    """Ten days of the daily pattern."""
    return DETECTOR.run(DETECTOR.start(), points(daily(10 * DAY)))[0]


def after(values: Sequence[float | None]) -> list[Verdict]:
    """The verdicts on what follows those ten days."""
    return DETECTOR.run(learned(), points(values, START + 10 * DAY * STEP))[1]


def tomorrow() -> list[float]:
    return daily(11 * DAY, seed=2)[10 * DAY :]


def first_alarm(found: Sequence[Verdict]) -> int | None:
    return next((row for row, each in enumerate(found) if each.is_anomaly), None)


# What must be found


@pytest.mark.parametrize("by", [-60.0, 60.0])
def test_a_level_shift_is_found_within_an_hour(by: float) -> None:
    values = noise(3_000) + noise(300, seed=2, around=100.0 + by)
    found = [row for row in alarms(values) if row >= 3_000]
    assert found and found[0] < 3_012


def test_a_spike_is_found_at_its_own_point() -> None:
    values = noise(3_000)
    values[2_500] = 400.0
    assert 2_500 in alarms(values)


def test_a_missing_peak_is_found() -> None:
    quiet = noise(DAY, seed=3)
    row = first_alarm(after(quiet))
    assert row is not None and DAY * 10 // 24 <= row < DAY * 12 // 24


def test_a_peak_at_the_wrong_hour_is_found() -> None:
    values = tomorrow()
    at = DAY * 3 // 24
    values[at : at + 24] = [value + 400.0 for value in values[at : at + 24]]
    row = first_alarm(after(values))
    assert row is not None and at <= row < at + 12


def test_a_flat_series_that_moves_is_found() -> None:
    assert 1_000 in alarms([45.0] * 1_000 + [60.0] * 20)


def test_more_noise_without_another_mean_is_found() -> None:
    found = alarms(noise(3_000) + noise(200, seed=2, spread=40.0))
    assert any(3_000 <= row < 3_040 for row in found)


def test_a_burst_among_counts_that_rarely_move_is_unusual() -> None:
    chance = random.Random(4)
    found = verdicts([float(chance.random() < 0.05) for _ in range(3_000)] + [9.0] * 6)
    burst = found[3_000]
    assert burst.ongoing and burst.upper is not None and burst.upper < 9.0
    assert burst.score > max(each.score for each in found[2_980:3_000])


# What must not be found


def test_a_usual_peak_is_no_anomaly() -> None:
    assert first_alarm(after(tomorrow())) is None


def test_a_constant_series_is_never_an_anomaly() -> None:
    found = verdicts([45.0] * 3_000)
    assert not any(each.ongoing for each in found)


@pytest.mark.parametrize("seed", range(3))
def test_plain_noise_alarms_less_than_twice_in_a_thousand_points(seed: int) -> None:
    assert len(alarms(noise(6_000, seed))) <= 12


def test_a_lasting_level_becomes_the_usual_one() -> None:
    found = verdicts(noise(3_000) + noise(3_000, seed=2, around=200.0))
    assert not any(each.ongoing for each in found[5_000:])
    assert found[-1].expected == pytest.approx(200.0, abs=15.0)


def test_nothing_is_said_before_the_warmup_is_over() -> None:
    values = noise(100)
    values[80] = 1e9
    assert alarms(values) == []


def test_a_missing_point_is_no_anomaly_and_changes_nothing_learned() -> None:
    values: list[float | None] = list(noise(2_000))
    gap = [*values[:1_500], None, *values[1_500:]]
    found = verdicts(gap)
    assert (found[1_500].score, found[1_500].is_anomaly, found[1_500].reason) == (
        0.0,
        False,
        "No value.",
    )
    shifted = DETECTOR.run(
        DETECTOR.start(),
        points(values[:1_500]) + points(values[1_500:], START + 1_500 * STEP),
    )[1]
    assert [each.score for each in found[:1_500]] == [each.score for each in shifted[:1_500]]
    assert first_alarm(found[1_490:1_520]) is None


def test_a_series_that_often_alarms_must_be_more_unusual() -> None:
    values = noise(8_000)
    for row in range(500, 8_000, 250):
        values[row : row + 3] = [300.0] * 3
    tired = alarms(values, Detector(fatigue=0.2))
    assert len(tired) < len(alarms(values, Detector(fatigue=0.0)))


def test_a_far_greater_event_breaks_the_silence_after_an_alarm() -> None:
    values = noise(3_000)
    values[2_500:2_503] = [135.0] * 3
    values[2_550:2_560] = [900.0] * 10
    rows = alarms(values)
    assert any(2_500 <= row < 2_510 for row in rows) and 2_550 in rows


def test_a_higher_threshold_never_finds_more_points_unusual() -> None:
    values = noise(2_000) + noise(100, seed=2, around=150.0)
    low = [each.ongoing for each in verdicts(values, Detector(threshold=0.4))]
    high = [each.ongoing for each in verdicts(values, Detector(threshold=0.6))]
    assert all(one or not other for one, other in zip(low, high, strict=True))


# What a verdict says


def test_the_expected_range_follows_the_time_of_day() -> None:
    found = after(tomorrow())
    night, noon = found[DAY * 3 // 24], found[DAY * 12 // 24]
    assert night.expected == pytest.approx(100.0, abs=15.0)
    assert noon.expected == pytest.approx(500.0, abs=15.0)
    assert night.lower is not None and night.upper is not None
    assert night.lower < 100.0 < night.upper < 300.0


def test_nine_in_ten_values_are_within_the_expected_range() -> None:
    values = tomorrow()
    inside = [
        each.lower <= value <= each.upper
        for value, each in zip(values, after(values), strict=True)
        if each.lower is not None and each.upper is not None
    ]
    assert sum(inside) >= 0.9 * DAY


def test_the_range_of_a_series_that_is_never_negative_stops_at_zero() -> None:
    chance = random.Random(6)
    found = verdicts([float(chance.random() < 0.1) for _ in range(2_000)])
    assert all(each.lower is None or each.lower >= 0.0 for each in found)


def test_the_reason_names_the_value_the_range_and_the_measurement() -> None:
    values = noise(3_000)
    values[2_500] = 400.0
    reason = verdicts(values)[2_500].reason
    assert reason.startswith("400 is above the expected ")
    assert " on Tuesday at 16:20; " in reason
    assert reason.endswith("is as unusual as 1 in 10,000.") or " is as unusual as 1 in " in reason


def test_nothing_is_expected_of_the_very_first_point() -> None:
    first = verdicts([5.0])[0]
    assert (first.expected, first.lower, first.upper) == (None, None, None)
    assert first.score < 0.2


def test_the_hours_are_those_of_the_zone_of_the_times() -> None:
    zone = ZoneInfo("Europe/Berlin")
    local = [
        ((START + row * STEP).astimezone(zone), value) for row, value in enumerate(daily(10 * DAY))
    ]
    assert DETECTOR.run(DETECTOR.start(), local)[0] != learned()


# What it promises


ANY = st.one_of(
    st.none(),
    st.floats(-1e6, 1e6),
    st.floats(-LARGEST, LARGEST, exclude_min=True, exclude_max=True),
    st.sampled_from([0.0, 1.0, -0.0, 1e-300, 1e18]),
)


@given(st.lists(ANY, min_size=1, max_size=60), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_stepping_equals_running_in_any_pieces(values: list[float | None], cut: int) -> None:
    whole_state, whole = DETECTOR.run(DETECTOR.start(), points(values))
    state, found = DETECTOR.run(DETECTOR.start(), points(values)[:cut])
    for at, value in points(values)[cut:]:
        state, verdict = DETECTOR.step(state, at, value)
        found.append(verdict)
    assert (state, found) == (whole_state, whole)


def test_stepping_equals_running_over_weeks_and_across_every_scale() -> None:
    values = daily(2_100, seed=7)
    state, found = DETECTOR.start(), []
    for at, value in points(values):
        state, verdict = DETECTOR.step(state, at, value)
        found.append(verdict)
    assert (state, found) == DETECTOR.run(DETECTOR.start(), points(values))


@given(st.lists(ANY, min_size=2, max_size=80), st.integers(1, 79))
@settings(max_examples=60, deadline=None)
def test_a_verdict_does_not_depend_on_what_comes_later(
    values: list[float | None], cut: int
) -> None:
    assert verdicts(values)[:cut] == verdicts(values[:cut])


@given(st.lists(ANY, min_size=1, max_size=200))
@settings(max_examples=60, deadline=None)
def test_scores_stay_between_0_and_1_and_ranges_are_in_order(values: list[float | None]) -> None:
    for each in verdicts(values, Detector(warmup=0)):
        assert 0.0 <= each.score <= 1.0
        if each.expected is not None and each.lower is not None and each.upper is not None:
            assert math.isfinite(each.upper) and each.lower <= each.upper


def test_a_state_is_a_few_kilobytes_however_long_the_series() -> None:
    assert len(learned()) == len(DETECTOR.start()) < 8_500


def test_the_state_given_is_left_as_it_was() -> None:
    before = bytes(learned())
    DETECTOR.step(learned(), START, 1.0)
    assert learned() == before


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, LARGEST, -LARGEST])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(InvalidInput, match="not a number"):
        DETECTOR.step(DETECTOR.start(), START, value)


@pytest.mark.parametrize("state", [b"", b"A1", b"Z9" + bytes(8_192)])
def test_a_foreign_state_is_refused(state: bytes) -> None:
    with pytest.raises(ValueError, match="version A1"):
        DETECTOR.step(State(state), START, 1.0)


def wrong() -> Iterator[dict[str, float]]:
    yield {"threshold": 0.0}
    yield {"threshold": 1.0}
    yield {"rearm": -1}
    yield {"warmup": -1}
    yield {"fatigue": math.nan}


@pytest.mark.parametrize("options", list(wrong()))
def test_senseless_options_are_refused_by_name(options: dict[str, float]) -> None:
    with pytest.raises(InvalidInput) as refused:
        Detector(**options)  # type: ignore[arg-type]
    assert refused.value.field in options
