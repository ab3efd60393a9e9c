from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.buckets import (
    Granularity,
    bucket_count,
    bucket_edges,
    choose_granularity,
    complete_flags,
)
from domain.clock import Weekday
from domain.errors import InvalidInput, OverLimit
from domain.questions import Interval

QUARTER_HOUR, HOUR, DAY = Granularity.QUARTER_HOUR, Granularity.HOUR, Granularity.DAY
WEEK, MONTH = Granularity.WEEK, Granularity.MONTH

CHANGES = {
    "Asia/Kolkata": ["2026-03-01"],
    "Asia/Kathmandu": ["1985-12-31T18:30", "2026-03-01"],
    "Australia/Lord_Howe": ["2026-04-04T15:00", "2026-10-03T15:30", "1985-10-26T14:30"],
    "America/New_York": ["2026-03-08T07:00", "2026-11-01T06:00"],
    "Europe/Berlin": ["2026-03-29T01:00", "2026-10-25T01:00"],
    "Pacific/Apia": ["2011-12-30T10:00", "2012-03-31T14:00"],
    "America/Sao_Paulo": ["2018-11-04T03:00", "2018-02-18T02:00"],
    "Asia/Beirut": ["2022-03-26T22:00", "2022-10-29T21:00"],
    "America/Havana": ["2026-03-08T05:00", "2026-11-01T05:00"],
    "America/St_Johns": ["2006-10-29T02:31", "2006-04-02T03:31"],
    "Africa/Monrovia": ["1972-01-07T00:44:30", "1971-06-01"],
    "America/Caracas": ["2007-12-09T07:00", "2016-05-01T07:00"],
    "Pacific/Kwajalein": ["1993-08-21T12:00"],
}
"""Instants (UTC) around which each zone sets its clock, or has an odd offset."""


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(edges: tuple[datetime, ...], zone: str) -> list[str]:
    return [edge.astimezone(ZoneInfo(zone)).strftime("%d %H:%M") for edge in edges]


def cut(
    zone: str, start: str, end: str, granularity: Granularity, week_start: Weekday = Weekday.MONDAY
) -> tuple[datetime, ...]:
    return bucket_edges(Interval(utc(start), utc(end)), granularity, ZoneInfo(zone), week_start)


# A reference that only walks along the local clock.

LABELS: dict[Granularity, Callable[[datetime, Weekday], tuple[int, ...]]] = {
    QUARTER_HOUR: lambda at, _: (at.toordinal(), at.hour, at.minute // 15),
    HOUR: lambda at, _: (at.toordinal(), at.hour),
    DAY: lambda at, _: (at.toordinal(),),
    WEEK: lambda at, first: ((at.toordinal() - 1 - first) // 7,),
    MONTH: lambda at, _: (at.year, at.month),
}


def walk(start: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    while start < end:
        yield start
        start += step


def naive_edges(
    interval: Interval, granularity: Granularity, zone: ZoneInfo, first: Weekday, step: timedelta
) -> tuple[datetime, ...]:
    label = LABELS[granularity]
    before = interval.start - timedelta(hours=26)
    previous = highest = label((before - step).astimezone(zone), first)
    found = []
    for instant in walk(before, interval.end, step):
        at = instant.astimezone(zone)
        current = label(at, first)
        if granularity in (QUARTER_HOUR, HOUR):
            length = 15 if granularity is QUARTER_HOUR else 60
            starts = current != previous or (at.minute % length == 0 and at.second == 0)
        else:
            starts = current > highest
        if starts and instant > interval.start:
            found.append(instant)
        previous, highest = current, max(highest, current)
    return (interval.start, *found, interval.end)


@pytest.mark.parametrize("granularity", [QUARTER_HOUR, HOUR, DAY])
@pytest.mark.parametrize(
    ("name", "change"), [(name, at) for name, all_of in CHANGES.items() for at in all_of]
)
def test_the_day_around_each_change_is_cut_as_walking_the_local_clock_cuts_it(
    name: str, change: str, granularity: Granularity
) -> None:
    interval = Interval(utc(change) - timedelta(hours=13), utc(change) + timedelta(hours=15))
    zone = ZoneInfo(name)
    expected = naive_edges(interval, granularity, zone, Weekday.MONDAY, timedelta(seconds=30))
    assert bucket_edges(interval, granularity, zone) == expected


@st.composite
def short_spans(draw: st.DrawFn) -> tuple[ZoneInfo, Interval]:
    name = draw(st.sampled_from(sorted(CHANGES)))
    change = utc(draw(st.sampled_from(CHANGES[name])))
    half_minutes = st.integers(-3_600, 3_600)
    first, second = draw(half_minutes), draw(half_minutes)
    start = change + timedelta(seconds=30 * min(first, second))
    end = change + timedelta(seconds=30 * (max(first, second) + 1))
    return ZoneInfo(name), Interval(start, end)


@given(
    span=short_spans(),
    granularity=st.sampled_from([QUARTER_HOUR, HOUR, DAY, WEEK]),
    first=st.sampled_from(Weekday),
)
@settings(max_examples=60, deadline=None)
def test_short_spans_are_cut_as_walking_the_local_clock_cuts_them(
    span: tuple[ZoneInfo, Interval], granularity: Granularity, first: Weekday
) -> None:
    zone, interval = span
    expected = naive_edges(interval, granularity, zone, first, timedelta(seconds=30))
    assert bucket_edges(interval, granularity, zone, first) == expected


@given(
    name=st.sampled_from(sorted(CHANGES.keys() - {"Africa/Monrovia", "America/St_Johns"})),
    day=st.integers(366, 25_000),
    quarters=st.integers(1, 96 * 60),
    granularity=st.sampled_from([DAY, WEEK, MONTH]),
    first=st.sampled_from(Weekday),
)
@settings(max_examples=60, deadline=None)
def test_long_spans_are_cut_as_walking_the_local_clock_cuts_them(
    name: str, day: int, quarters: int, granularity: Granularity, first: Weekday
) -> None:
    start = utc("1970-01-01") + timedelta(days=day, minutes=15 * (quarters % 96))
    interval = Interval(start, start + timedelta(minutes=15 * quarters))
    zone = ZoneInfo(name)
    expected = naive_edges(interval, granularity, zone, first, timedelta(minutes=15))
    assert bucket_edges(interval, granularity, zone, first) == expected


@given(
    name=st.sampled_from(sorted(CHANGES)),
    start=st.datetimes(datetime(1970, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001
    length=st.timedeltas(timedelta(microseconds=1), timedelta(days=400)),
    granularity=st.sampled_from([QUARTER_HOUR, HOUR, DAY, WEEK, MONTH]),
)
@settings(max_examples=200, deadline=None)
def test_buckets_cover_the_range_without_gap_and_split_anywhere(
    name: str, start: datetime, length: timedelta, granularity: Granularity
) -> None:
    zone, begin = ZoneInfo(name), start.replace(tzinfo=UTC)
    whole = Interval(begin, begin + length)
    edges = bucket_edges(whole, granularity, zone)
    assert (edges[0], edges[-1]) == (whole.start, whole.end)
    assert all(left < right for left, right in pairwise(edges))
    assert all(edge.tzinfo is UTC for edge in edges)
    assert bucket_count(whole, granularity, zone, Weekday.MONDAY) == len(edges) - 1
    middle = edges[len(edges) // 2]
    if whole.start < middle < whole.end:
        left = bucket_edges(Interval(whole.start, middle), granularity, zone)
        right = bucket_edges(Interval(middle, whole.end), granularity, zone)
        assert left + right[1:] == edges


def test_days_have_23_and_25_hours_when_berlin_sets_its_clock() -> None:
    spring = cut("Europe/Berlin", "2026-03-27T23:00", "2026-03-30T22:00", DAY)
    autumn = cut("Europe/Berlin", "2026-10-23T22:00", "2026-10-26T23:00", DAY)
    hours = [[(b - a) / timedelta(hours=1) for a, b in pairwise(each)] for each in (spring, autumn)]
    assert hours == [[24, 23, 24], [24, 25, 24]]


def test_the_repeated_hour_is_two_buckets_and_the_skipped_hour_none() -> None:
    autumn = cut("Europe/Berlin", "2026-10-24T23:00", "2026-10-25T03:00", HOUR)
    spring = cut("Europe/Berlin", "2026-03-29T00:00", "2026-03-29T03:00", HOUR)
    assert local(autumn, "Europe/Berlin") == [
        "25 01:00",
        "25 02:00",
        "25 02:00",
        "25 03:00",
        "25 04:00",
    ]
    assert local(spring, "Europe/Berlin") == ["29 01:00", "29 03:00", "29 04:00", "29 05:00"]


def test_half_an_hour_of_lord_howe_makes_hours_of_90_and_30_minutes() -> None:
    autumn = cut("Australia/Lord_Howe", "2026-04-04T14:00", "2026-04-04T16:30", HOUR)
    spring = cut("Australia/Lord_Howe", "2026-10-03T14:30", "2026-10-03T17:00", HOUR)
    assert local(autumn, "Australia/Lord_Howe") == ["05 01:00", "05 02:00", "05 03:00"]
    assert local(spring, "Australia/Lord_Howe") == ["04 01:00", "04 02:30", "04 03:00", "04 04:00"]


def test_a_day_that_apia_skipped_has_no_bucket() -> None:
    edges = cut("Pacific/Apia", "2011-12-29T10:00", "2012-01-01T10:00", DAY)
    assert local(edges, "Pacific/Apia") == ["29 00:00", "31 00:00", "01 00:00", "02 00:00"]


@pytest.mark.parametrize(
    ("zone", "start", "end", "expected"),
    [
        (
            "America/Sao_Paulo",
            "2018-11-03T03:00",
            "2018-11-05T02:00",
            ["03 00:00", "04 01:00", "05 00:00"],
        ),
        (
            "Asia/Beirut",
            "2022-03-25T22:00",
            "2022-03-27T21:00",
            ["26 00:00", "27 01:00", "28 00:00"],
        ),
    ],
)
def test_a_day_without_midnight_starts_when_the_clock_is_set(
    zone: str, start: str, end: str, expected: list[str]
) -> None:
    assert local(cut(zone, start, end, DAY), zone) == expected


def test_hours_of_half_and_three_quarter_offsets_start_on_the_local_hour() -> None:
    kolkata = cut("Asia/Kolkata", "2026-01-01T00:00", "2026-01-01T02:00", HOUR)
    kathmandu = cut("Asia/Kathmandu", "2026-01-01T00:00", "2026-01-01T02:00", HOUR)
    assert [edge.minute for edge in kolkata[1:-1]] == [30, 30]
    assert [edge.minute for edge in kathmandu[1:-1]] == [15, 15]


def test_weeks_start_on_the_day_that_is_configured() -> None:
    for first in Weekday:
        edges = cut("America/New_York", "2026-02-20T00:00", "2026-04-20T00:00", WEEK, first)
        days = {edge.astimezone(ZoneInfo("America/New_York")).weekday() for edge in edges[1:-1]}
        assert days == {first}


def test_edge_buckets_are_clipped_to_the_microsecond() -> None:
    interval = Interval(
        datetime(2026, 1, 1, 0, 14, 59, 999_999, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 15, 0, 1, tzinfo=UTC),
    )
    quarter = datetime(2026, 1, 1, 0, 15, tzinfo=UTC)
    edges = bucket_edges(interval, QUARTER_HOUR, ZoneInfo("UTC"))
    assert edges == (interval.start, quarter, interval.end)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (1, QUARTER_HOUR),
        (5, QUARTER_HOUR),
        (7, HOUR),
        (20, HOUR),
        (30, DAY),
        (90, DAY),
        (365, DAY),
        (730, WEEK),
        (3650, MONTH),
    ],
)
def test_auto_takes_the_finest_within_500_points(days: int, expected: Granularity) -> None:
    interval = Interval(utc("2015-01-01"), utc("2015-01-01") + timedelta(days=days))
    assert choose_granularity(interval, Granularity.AUTO, ZoneInfo("UTC")) is expected


@given(days=st.integers(1, 800), limit=st.integers(1, 10_000))
@settings(max_examples=40, deadline=None)
def test_auto_keeps_to_max_points_and_no_finer_one_would(days: int, limit: int) -> None:
    interval, zone = (
        Interval(utc("1970-01-01"), utc("1970-01-01") + timedelta(days=days)),
        ZoneInfo("Europe/Berlin"),
    )
    counts = {
        each: bucket_count(interval, each, zone, Weekday.MONDAY)
        for each in (QUARTER_HOUR, HOUR, DAY, WEEK, MONTH)
    }
    fitting = [each for each, count in counts.items() if count <= limit]
    if fitting:
        assert choose_granularity(interval, Granularity.AUTO, zone, max_points=limit) is fitting[0]
    else:
        with pytest.raises(OverLimit, match="no granularity fits"):
            choose_granularity(interval, Granularity.AUTO, zone, max_points=limit)


def test_too_many_points_says_how_many_the_limit_and_what_fits() -> None:
    year = Interval(utc("2025-01-01"), utc("2026-01-01"))
    with pytest.raises(OverLimit) as raised:
        choose_granularity(year, QUARTER_HOUR, ZoneInfo("UTC"))
    assert raised.value.code == "TOO_MANY_POINTS"
    assert raised.value.details == {"points": 35_040, "limit": 10_000, "fits": "HOUR"}
    with pytest.raises(OverLimit, match="WEEK would fit"):
        choose_granularity(year, DAY, ZoneInfo("UTC"), max_points=53)


def test_exactly_as_many_points_as_the_limit_are_answered() -> None:
    day = Interval(utc("2026-01-01"), utc("2026-01-02"))
    assert choose_granularity(day, HOUR, ZoneInfo("UTC"), max_points=24) is HOUR
    with pytest.raises(OverLimit):
        choose_granularity(day, HOUR, ZoneInfo("UTC"), max_points=23)


@pytest.mark.parametrize("points", [0, -1, 10_001])
def test_max_points_has_bounds(points: int) -> None:
    with pytest.raises(InvalidInput, match="1 to 10,000") as raised:
        choose_granularity(
            Interval(utc("2026-01-01"), utc("2026-01-02")), HOUR, ZoneInfo("UTC"), max_points=points
        )
    assert raised.value.code == "INVALID_MAX_POINTS"


def test_a_bucket_is_complete_once_its_end_has_come() -> None:
    edges = cut("UTC", "2026-01-01", "2026-01-04", DAY)
    assert complete_flags(edges, utc("2026-01-02")) == [True, False, False]
    assert complete_flags(edges, utc("2026-01-02") - timedelta(microseconds=1)) == [False] * 3
