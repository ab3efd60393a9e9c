from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.buckets import Granularity, bucket_edges
from domain.comparison import CompareAlignment, ComparePeriod, Comparison, compared, ratio
from domain.questions import Interval

HOUR, DAY, WEEK, MONTH = (
    Granularity.HOUR,
    Granularity.DAY,
    Granularity.WEEK,
    Granularity.MONTH,
)
PERIOD, YEAR = ComparePeriod.PREVIOUS_PERIOD, ComparePeriod.PREVIOUS_YEAR
CALENDAR, WEEKDAY, ELAPSED = (
    CompareAlignment.CALENDAR,
    CompareAlignment.WEEKDAY,
    CompareAlignment.ELAPSED,
)
LATER = datetime(2100, 1, 1, tzinfo=UTC)


def at(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def compare(
    start: str,
    end: str,
    granularity: Granularity | None = None,
    period: ComparePeriod = PERIOD,
    alignment: CompareAlignment = CALENDAR,
    *,
    zone: str = "UTC",
    now: str | None = None,
) -> Comparison:
    interval = Interval(at(start, zone), at(end, zone))
    edges = (
        bucket_edges(interval, granularity, ZoneInfo(zone))
        if granularity
        else (interval.start, interval.end)
    )
    moment = at(now, zone) if now else LATER
    return compared(interval, edges, granularity, period, alignment, ZoneInfo(zone), moment)


def total(found: Comparison, zone: str = "UTC") -> tuple[str, str]:
    start, end = (
        each.astimezone(ZoneInfo(zone)) for each in (found.interval.start, found.interval.end)
    )
    return start.strftime("%Y-%m-%d %H:%M"), end.strftime("%Y-%m-%d %H:%M")


def spans(found: Comparison, zone: str = "UTC", form: str = "%m-%d") -> list[str | None]:
    def shown(edges: Sequence[datetime]) -> list[str]:
        return [edge.astimezone(ZoneInfo(zone)).strftime(form) for edge in edges]

    starts, ends = found.lined_up(shown(found.edges[:-1])), found.lined_up(shown(found.edges[1:]))
    return [start and f"{start} to {end}" for start, end in zip(starts, ends, strict=True)]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-11", "2026-03-12", ("2026-03-10 00:00", "2026-03-11 00:00")),
        ("2026-03-05", "2026-03-12", ("2026-02-26 00:00", "2026-03-05 00:00")),
        ("2026-03-01", "2026-04-01", ("2026-02-01 00:00", "2026-03-01 00:00")),
        ("2026-01-01", "2027-01-01", ("2025-01-01 00:00", "2026-01-01 00:00")),
        ("2026-04-01", "2026-07-01", ("2026-01-01 00:00", "2026-04-01 00:00")),
        ("2026-03-10T12:45", "2026-03-11T12:45", ("2026-03-09 12:45", "2026-03-10 12:45")),
        ("2026-03-10T10:00", "2026-03-10T11:00", ("2026-03-10 09:00", "2026-03-10 10:00")),
        ("2026-03-10T10:00", "2026-03-10T10:50", ("2026-03-10 09:00", "2026-03-10 09:50")),
        ("2026-03-10T10:00", "2026-03-11T17:30", ("2026-03-08 10:00", "2026-03-09 17:30")),
    ],
)
def test_the_previous_period_goes_back_by_whole_months_days_or_quarter_hours(
    start: str, end: str, expected: tuple[str, str]
) -> None:
    assert total(compare(start, end)) == expected


def test_a_day_is_compared_with_the_whole_day_before_however_long() -> None:
    after_change = compare("2026-03-30", "2026-03-31", zone="Europe/Berlin")
    assert total(after_change, "Europe/Berlin") == ("2026-03-29 00:00", "2026-03-30 00:00")
    assert after_change.interval.end - after_change.interval.start == timedelta(hours=23)


@pytest.mark.parametrize(
    ("start", "end", "period", "expected"),
    [
        ("2026-03-11", "2026-03-12", PERIOD, ("2026-03-04 00:00", "2026-03-05 00:00")),
        ("2026-03-01", "2026-04-01", PERIOD, ("2026-01-25 00:00", "2026-02-25 00:00")),
        ("2026-03-11", "2026-03-12", YEAR, ("2025-03-12 00:00", "2025-03-13 00:00")),
    ],
)
def test_weekday_alignment_goes_back_by_whole_weeks(
    start: str, end: str, period: ComparePeriod, expected: tuple[str, str]
) -> None:
    found = compare(start, end, DAY, period, WEEKDAY)
    assert total(found) == expected
    assert found.interval.start.weekday() == at(start, "UTC").weekday()


def test_the_days_that_a_shorter_month_lacks_have_no_counterpart() -> None:
    found = compare("2026-03-01", "2026-04-01", DAY)
    assert spans(found)[26:] == ["02-27 to 02-28", "02-28 to 03-01", None, None, None]


def test_the_days_that_a_longer_month_has_more_are_in_its_total_alone() -> None:
    found = compare("2026-02-01", "2026-03-01", DAY)
    assert spans(found)[-1] == "01-28 to 01-29"
    assert total(found) == ("2026-01-01 00:00", "2026-02-01 00:00")


def test_29_february_has_no_counterpart_and_is_none() -> None:
    leap, after = (compare(f"{year}-02-28", f"{year}-03-02", DAY, YEAR) for year in (2024, 2025))
    assert spans(leap) == ["02-28 to 03-01", None, "03-01 to 03-02"]
    assert spans(after) == ["02-28 to 02-29", "03-01 to 03-02"]


def test_29_february_alone_is_compared_with_the_day_365_days_before() -> None:
    assert spans(compare("2024-02-29", "2024-03-01", DAY, YEAR)) == ["03-01 to 03-02"]


def test_months_are_compared_with_months_and_weeks_with_the_same_dates() -> None:
    months = compare("2025-01-01", "2025-04-01", MONTH, YEAR)
    weeks = compare("2026-03-02", "2026-03-16", WEEK, YEAR)
    assert spans(months) == ["01-01 to 02-01", "02-01 to 03-01", "03-01 to 04-01"]
    assert spans(weeks) == ["03-02 to 03-09", "03-09 to 03-16"]


def test_hours_are_lined_up_by_the_clock_when_it_was_set() -> None:
    forward = compare("2026-03-29", "2026-03-30", HOUR, zone="Europe/Berlin")
    assert spans(forward, "Europe/Berlin", "%H")[:3] == ["00 to 01", "01 to 02", "03 to 04"]
    after = compare("2026-03-30", "2026-03-31", HOUR, zone="Europe/Berlin")
    assert spans(after, "Europe/Berlin", "%H")[:4] == ["00 to 01", "01 to 03", None, "03 to 04"]
    back = compare("2026-10-25", "2026-10-26", HOUR, zone="Europe/Berlin")
    assert spans(back, "Europe/Berlin", "%H")[1:5] == ["01 to 02", "02 to 03", None, "03 to 04"]


def test_a_day_without_midnight_is_compared_with_a_whole_day() -> None:
    found = compare("2018-11-04T01:00", "2018-11-06", DAY, zone="America/Sao_Paulo")
    assert spans(found, "America/Sao_Paulo") == ["11-02 to 11-03", "11-03 to 11-04"]


def test_the_day_after_a_skipped_one_is_compared_with_the_day_before_it() -> None:
    found = compare("2011-12-31", "2012-01-01", DAY, zone="Pacific/Apia")
    assert spans(found, "Pacific/Apia") == ["12-29 to 12-31"]
    assert found.interval.end - found.interval.start == timedelta(days=1)


def test_elapsed_compares_only_as_much_as_has_passed() -> None:
    found = compare("2026-03-01", "2026-04-01", DAY, alignment=ELAPSED, now="2026-03-03T12:05")
    assert total(found) == ("2026-02-01 00:00", "2026-02-03 12:15")
    assert spans(found, form="%d %H:%M")[:4] == [
        "01 00:00 to 02 00:00",
        "02 00:00 to 03 00:00",
        "03 00:00 to 03 12:15",
        None,
    ]
    assert found.places[3:] == (None,) * 28


def test_elapsed_is_by_the_wall_clock() -> None:
    found = compare(
        "2026-03-29",
        "2026-03-30",
        None,
        PERIOD,
        ELAPSED,
        zone="Europe/Berlin",
        now="2026-03-29T12:00",
    )
    assert total(found, "Europe/Berlin")[1] == "2026-03-28 12:15"


def test_elapsed_takes_all_of_a_shorter_month_that_is_over_by_then() -> None:
    found = compare("2026-03-01", "2026-04-01", DAY, alignment=ELAPSED, now="2026-03-30T12:00")
    assert total(found) == ("2026-02-01 00:00", "2026-03-01 00:00")


@pytest.mark.parametrize("now", ["2026-02-01", "2026-05-01", "2026-04-01"])
def test_elapsed_compares_a_period_that_is_over_or_not_begun_as_a_whole(now: str) -> None:
    whole = compare("2026-03-01", "2026-04-01", DAY)
    assert compare("2026-03-01", "2026-04-01", DAY, alignment=ELAPSED, now=now) == whole


@given(
    zone=st.sampled_from(
        ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo"]
    ),
    start=st.datetimes(datetime(2005, 1, 1), datetime(2020, 1, 1)),  # noqa: DTZ001
    length=st.timedeltas(timedelta(seconds=1), timedelta(days=90)),
    passed=st.floats(0, 2),
    granularity=st.sampled_from([*Granularity][1:]),
    period=st.sampled_from(ComparePeriod),
    alignment=st.sampled_from(CompareAlignment),
)
@settings(max_examples=300, deadline=None)
def test_every_bucket_has_one_place_or_none_and_no_instant_two(
    zone: str,
    start: datetime,
    length: timedelta,
    passed: float,
    granularity: Granularity,
    period: ComparePeriod,
    alignment: CompareAlignment,
) -> None:
    interval = Interval(start.replace(tzinfo=UTC), start.replace(tzinfo=UTC) + length)
    place, now = ZoneInfo(zone), interval.start + length * passed
    edges = bucket_edges(interval, granularity, place)
    found = compared(interval, edges, granularity, period, alignment, place, now)
    assert len(found.places) == len(edges) - 1
    assert len(found.edges) >= 2
    assert all(left < right for left, right in pairwise(found.edges))
    assert found.interval.start < found.interval.end
    assert found.interval.start <= found.edges[0] < found.edges[-1] <= found.interval.end
    used = [index for index in found.places if index is not None]
    assert all(left < right for left, right in pairwise(used))
    assert all(index < len(found.edges) - 1 for index in used)


@given(
    start=st.datetimes(datetime(2005, 1, 1), datetime(2020, 1, 1)),  # noqa: DTZ001
    days=st.integers(1, 60),
    alignment=st.sampled_from([CALENDAR, WEEKDAY]),
)
def test_whole_days_that_are_no_months_add_up_to_the_whole_previous_period(
    start: datetime, days: int, alignment: CompareAlignment
) -> None:
    first = start.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC, day=2)
    interval = Interval(first, first + timedelta(days=days))
    edges = bucket_edges(interval, DAY, ZoneInfo("UTC"))
    found = compared(interval, edges, DAY, PERIOD, alignment, ZoneInfo("UTC"), LATER)
    assert found.places == tuple(range(days))
    assert (found.edges[0], found.edges[-1]) == (found.interval.start, found.interval.end)
    assert found.interval.end <= interval.start


@pytest.mark.parametrize(
    ("current", "previous", "expected"),
    [
        (3, 2, 1.5),
        (0, 2, 0.0),
        (Decimal("1.10"), Decimal("2.20"), 0.5),
        (-1, 2, -0.5),
        (3, 0, None),
        (0, 0, None),
        (3, Decimal(0), None),
        (3, None, None),
        (None, 3, None),
        (1e300, 1e-300, None),
    ],
)
def test_a_ratio_without_a_base_is_none(
    current: int | float | Decimal | None,
    previous: int | float | Decimal | None,
    expected: float | None,
) -> None:
    assert ratio(current, previous) == expected
