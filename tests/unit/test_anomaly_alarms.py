"""When surprises become alarms: worked timelines of points, and a bound on how many there can be."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.anomaly_alarms import Alarms

LEAST = 4.0


def timeline(surprises: Sequence[float], rearm: int = 10, fatigue: float = 0.0) -> list[int]:
    """The points at which an alarm is raised; those below the least surprise only pass by."""
    alarms = Alarms(0, 0, 0.0, 0.0)
    raised = []
    for point, surprise in enumerate(surprises):
        alarms.wait()
        if surprise >= LEAST and alarms.raised(surprise, LEAST, rearm, fatigue):
            raised.append(point)
    return raised


def test_one_event_is_one_alarm_until_the_rearm_time_is_over() -> None:
    assert timeline([0, 0] + [5.0] * 25) == [2, 13, 24]


def test_an_event_that_grows_is_not_a_second_one() -> None:
    assert timeline([0, 0, 5, 6, 7, 9, 12]) == [2]


def test_an_equal_event_soon_after_is_not_an_alarm() -> None:
    assert timeline([0, 0, 5, 0, 0, 5.9, 0]) == [2]


def test_a_greater_event_of_its_own_breaks_the_silence() -> None:
    assert timeline([0, 0, 5, 0, 0, 6.0, 0]) == [2, 5]


def test_the_greatest_since_the_alarm_is_what_counts() -> None:
    assert timeline([0, 0, 5, 8, 0, 0, 9.0, 0, 10.9]) == [2, 8]


def test_each_recent_alarm_asks_for_more() -> None:
    spikes = ([5.0] + [0.0] * 11) * 6
    assert timeline([0, 0, *spikes]) == [2, 14, 26, 38, 50, 62]
    assert timeline([0, 0, *spikes], fatigue=0.1) == [2, 14, 26]


def test_old_alarms_are_forgotten() -> None:
    spikes = ([5.0] + [0.0] * 11) * 6
    quiet = [0.0] * 20_000
    assert timeline([0, 0, *spikes, *quiet, 5.0], fatigue=0.1)[-1] == 2 + 72 + 20_000


@given(st.lists(st.sampled_from([0.0, 4.0, 5.0]), max_size=200), st.integers(0, 30))
@settings(max_examples=200, deadline=None)
def test_surprises_of_a_fifth_more_at_most_are_spaced_or_greater(
    surprises: list[float], rearm: int
) -> None:
    raised = timeline(surprises, rearm)
    for before, after in pairwise(raised):
        assert after - before > rearm or surprises[after] > surprises[before]


@given(st.lists(st.floats(0, 20), max_size=200), st.integers(0, 30))
@settings(max_examples=200, deadline=None)
def test_only_points_at_or_above_the_least_matter(surprises: list[float], rearm: int) -> None:
    """So alarms at another threshold can be found from the unusual points alone."""
    alarms = Alarms(0, 0, 0.0, 0.0)
    raised, seen = [], -1
    for point, surprise in enumerate(surprises):
        if surprise >= LEAST:
            alarms.wait(point - seen)
            seen = point
            if alarms.raised(surprise, LEAST, rearm, 0.0):
                raised.append(point)
    assert raised == timeline(surprises, rearm)
