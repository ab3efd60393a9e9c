from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.clock import Weekday
from domain.errors import InvalidInput, OverLimit
from domain.ranges import Between, RangePreset, RangeSpec, last, preset, resolve

UTC_ZONE = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
APIA = ZoneInfo("Pacific/Apia")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def span(
    spec: RangeSpec, now: str, zone: ZoneInfo = UTC_ZONE, first: Weekday = Weekday.MONDAY
) -> tuple[str, str]:
    found = resolve(spec, utc(now), zone, first)
    assert (found.start.tzinfo, found.end.tzinfo) == (UTC, UTC)
    start, end = (
        each.astimezone(zone).strftime("%Y-%m-%dT%H:%M") for each in (found.start, found.end)
    )
    return start, end


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TODAY", ("2026-03-11T00:00", "2026-03-12T00:00")),
        ("YESTERDAY", ("2026-03-10T00:00", "2026-03-11T00:00")),
        ("THIS_WEEK", ("2026-03-09T00:00", "2026-03-16T00:00")),
        ("LAST_7_DAYS", ("2026-03-05T00:00", "2026-03-12T00:00")),
        ("THIS_MONTH", ("2026-03-01T00:00", "2026-04-01T00:00")),
        ("LAST_MONTH", ("2026-02-01T00:00", "2026-03-01T00:00")),
        ("LAST_30_DAYS", ("2026-02-10T00:00", "2026-03-12T00:00")),
        ("LAST_90_DAYS", ("2025-12-12T00:00", "2026-03-12T00:00")),
        ("THIS_YEAR", ("2026-01-01T00:00", "2027-01-01T00:00")),
    ],
)
def test_presets_are_whole_days_of_the_calendar_and_end_with_their_last(
    name: str, expected: tuple[str, str]
) -> None:
    assert span(preset(name), "2026-03-11T15:30") == expected


def test_every_preset_has_a_span() -> None:
    assert all(span(each, "2026-01-01T00:00") for each in RangePreset)


def test_today_is_the_zones_own() -> None:
    assert span(RangePreset.TODAY, "2026-03-11T23:30", BERLIN) == (
        "2026-03-12T00:00",
        "2026-03-13T00:00",
    )
    kathmandu = resolve(RangePreset.TODAY, utc("2026-03-11T12:00"), ZoneInfo("Asia/Kathmandu"))
    assert kathmandu.start == utc("2026-03-10T18:15")


def test_today_has_23_hours_when_the_clock_is_set_forward() -> None:
    found = resolve(RangePreset.TODAY, utc("2026-03-29T12:00"), BERLIN)
    assert found.end - found.start == timedelta(hours=23)


def test_this_week_starts_on_the_day_that_is_configured() -> None:
    wednesday = "2026-03-11T12:00"
    starts = [span(RangePreset.THIS_WEEK, wednesday, first=first)[0][:10] for first in Weekday]
    assert starts == [f"2026-03-{day:02}" for day in (9, 10, 11, 5, 6, 7, 8)]


@pytest.mark.parametrize("day", ["2026-03-30", "2026-10-26"])
def test_yesterday_is_the_whole_day_however_long(day: str) -> None:
    before = f"{day[:8]}{int(day[8:]) - 1}T00:00"
    assert span(RangePreset.YESTERDAY, f"{day}T12:00", BERLIN) == (before, f"{day}T00:00")


def test_yesterday_is_the_last_day_that_there_was() -> None:
    found = resolve(RangePreset.YESTERDAY, utc("2011-12-30T12:00"), APIA)
    assert (found.start, found.end) == (utc("2011-12-29T10:00"), utc("2011-12-30T10:00"))


@given(
    spec=st.sampled_from(RangePreset),
    now=st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
    zone=st.sampled_from(
        ["Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "Asia/Beirut"]
    ),
    first=st.sampled_from(Weekday),
)
@settings(max_examples=200, deadline=None)
def test_presets_of_the_present_hold_now_and_start_where_a_date_starts(
    spec: RangePreset, now: datetime, zone: str, first: Weekday
) -> None:
    place, moment = ZoneInfo(zone), now.replace(tzinfo=UTC)
    found = resolve(spec, moment, place, first)
    for edge in (found.start, found.end):
        just_before = (edge - timedelta(microseconds=1)).astimezone(place).date()
        assert just_before < edge.astimezone(place).date()
    if spec in (RangePreset.YESTERDAY, RangePreset.LAST_MONTH):
        assert found.end <= moment
    else:
        assert found.start <= moment < found.end


@pytest.mark.parametrize(
    ("duration", "now", "expected"),
    [
        ("PT1H", "2026-03-11T12:34:56", ("2026-03-11T11:35", "2026-03-11T12:35")),
        ("PT1H", "2026-03-11T12:34:00", ("2026-03-11T11:35", "2026-03-11T12:35")),
        ("PT24H", "2026-03-11T12:34:56", ("2026-03-10T12:45", "2026-03-11T12:45")),
        ("P7D", "2026-03-11T12:34:56", ("2026-03-04T12:45", "2026-03-11T12:45")),
        ("P1M", "2026-03-31T12:34:56", ("2026-02-28T12:45", "2026-03-31T12:45")),
    ],
)
def test_last_ends_at_the_next_full_minute_or_from_a_day_on_quarter_hour(
    duration: str, now: str, expected: tuple[str, str]
) -> None:
    assert span(last(duration), now) == expected


@given(
    now=st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001
    text=st.sampled_from(["PT1M", "PT1H", "PT24H", "P30D"]),
)
def test_last_holds_the_newest_instant_and_is_the_same_all_minute(now: datetime, text: str) -> None:
    moment = now.replace(tzinfo=UTC)
    found = resolve(last(text), moment, UTC_ZONE)
    assert found.start <= moment < found.end
    assert resolve(last(text), moment.replace(second=59, microsecond=999_999), UTC_ZONE) == found


def test_last_7_days_keeps_the_wall_clock_across_a_change() -> None:
    assert span(last("P7D"), "2026-04-01T10:00", BERLIN) == ("2026-03-25T12:15", "2026-04-01T12:15")


def test_between_is_taken_as_given_and_told_in_utc() -> None:
    plus_two = timezone(timedelta(hours=2))
    spec = Between(
        datetime(2026, 1, 1, 12, tzinfo=plus_two), datetime(2026, 1, 1, 13, tzinfo=plus_two)
    )
    assert span(spec, "2030-01-01") == ("2026-01-01T10:00", "2026-01-01T11:00")


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (
            "2026-01-02T00:00+00:00",
            "2026-01-01T00:00+00:00",
            "2026-01-02T00:00:00.* to 2026-01-01T00:00:00.* is empty",
        ),
        ("2026-01-01T01:00+01:00", "2026-01-01T00:00+00:00", "is empty"),
        (
            "2026-01-01T00:00",
            "2026-01-02T00:00+00:00",
            "from is 2026-01-01T00:00:00, which has no UTC offset",
        ),
        (
            "2026-01-01T00:00+00:00",
            "2026-01-02T00:00",
            "to is 2026-01-02T00:00:00, which has no UTC offset",
        ),
        ("1969-12-31T23:59+00:00", "1970-01-02T00:00+00:00", "before 1970"),
        ("9999-12-01T00:00+00:00", "9999-12-31T00:01+00:00", "ends after 9999-12-31"),
        ("9999-12-01T00:00+00:00", "9999-12-31T23:59-12:00", "years 1970 to 9999"),
        ("0001-01-01T00:00+12:00", "2000-12-31T00:00+00:00", "years 1970 to 9999"),
    ],
)
def test_a_range_that_cannot_be_is_refused(start: str, end: str, said: str) -> None:
    spec = Between(datetime.fromisoformat(start), datetime.fromisoformat(end))
    with pytest.raises(InvalidInput, match=said) as raised:
        resolve(spec, utc("2026-01-01"), UTC_ZONE)
    assert (raised.value.code, raised.value.field) == ("INVALID_RANGE", "range")


def test_a_range_over_the_limit_is_refused() -> None:
    with pytest.raises(OverLimit, match="longer than 36,525 days") as raised:
        resolve(Between(utc("1970-01-01"), utc("2070-01-02")), utc("2026-01-01"), UTC_ZONE)
    assert raised.value.code == "RANGE_TOO_LONG"
    with pytest.raises(OverLimit):
        resolve(last("P31D"), utc("2026-01-01"), UTC_ZONE, longest=timedelta(days=30))


def test_an_unknown_preset_brings_the_list() -> None:
    with pytest.raises(InvalidInput, match="LAST_7_DAYS") as raised:
        preset("LAST_WEEK")
    assert raised.value.code == "UNKNOWN_RANGE_PRESET"
