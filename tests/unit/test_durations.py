from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import microseconds, utc_datetime
from domain.durations import Duration, before, parse_duration
from domain.errors import InvalidInput

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("PT15M", Duration(seconds=900)),
        ("PT24H", Duration(seconds=86_400)),
        ("P1D", Duration(days=1)),
        ("P2W", Duration(days=14)),
        ("P1Y2M3W4DT5H6M7S", Duration(months=14, days=25, seconds=18_367)),
        ("P10Y", Duration(months=120)),
        ("P3652D", Duration(days=3_652)),
    ],
)
def test_reads_iso_8601(text: str, duration: Duration) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "P",
            "PT",
            "P1",
            "1D",
            "P1DT",
            "-P1D",
            "+P1D",
            "P-1D",
            "p7d",
            "P1.5D",
            "PT0.5S",
            "P1H",
            "PT1D",
        ),
        *(
            "P1D1Y",
            "PT1M1H",
            "P 1D",
            "P1D\n",
            "P0D",
            "PT0S",
            "P11Y",
            "P3654D",
            "PT87673H",
            "P١D",
            "7 days",
        ),
        "P" + "9" * 10_000 + "D",
    ],
)
def test_refuses_what_is_not_a_positive_duration_of_at_most_ten_years(text: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        parse_duration(text, field="range.last")
    assert (raised.value.code, raised.value.field) == ("INVALID_DURATION", "range.last")
    assert len(raised.value.message) < 250


@given(
    duration=st.builds(
        Duration, st.integers(0, 50), st.integers(0, 900), st.integers(0, 40_000_000)
    ).filter(lambda each: each != Duration())
)
def test_what_is_written_reads_the_same(duration: Duration) -> None:
    assert parse_duration(str(duration)) == duration


def test_is_written_in_the_usual_units() -> None:
    written = [str(parse_duration(text)) for text in ("P1W", "PT90M", "P14M", "PT24H", "P1DT1S")]
    assert written == ["P7D", "PT1H30M", "P1Y2M", "PT24H", "P1DT1S"]


def back(instant: str, text: str, zone: ZoneInfo) -> str:
    at = microseconds(datetime.fromisoformat(instant).replace(tzinfo=zone))
    return utc_datetime(before(at, parse_duration(text), zone)).astimezone(zone).isoformat()


@pytest.mark.parametrize(
    ("instant", "text", "expected"),
    [
        ("2026-03-29T12:00", "P1D", "2026-03-28T12:00:00+01:00"),  # a day of 23 hours
        ("2026-03-29T12:00", "PT24H", "2026-03-28T11:00:00+01:00"),
        ("2026-10-25T12:00", "P1D", "2026-10-24T12:00:00+02:00"),  # a day of 25 hours
        ("2026-10-25T12:00", "PT24H", "2026-10-24T13:00:00+02:00"),
        ("2026-03-31T12:00", "P1M", "2026-02-28T12:00:00+01:00"),  # the month's last day
        ("2024-02-29T12:00", "P1Y", "2023-02-28T12:00:00+01:00"),
        ("2026-03-30T02:30", "P1D", "2026-03-29T03:00:00+02:00"),  # 02:30 was skipped
        ("2026-01-01T00:00", "P1DT1H", "2025-12-30T23:00:00+01:00"),
    ],
)
def test_days_follow_the_wall_clock_and_hours_are_exact(
    instant: str, text: str, expected: str
) -> None:
    assert back(instant, text, BERLIN) == expected


@given(
    moment=st.datetimes(datetime(1985, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001
    days=st.integers(1, 3_652),
)
def test_days_in_utc_are_24_hours(moment: datetime, days: int) -> None:
    instant = moment.replace(tzinfo=UTC)
    found = before(microseconds(instant), Duration(days=days), ZoneInfo("UTC"))
    assert utc_datetime(found) == instant - timedelta(days=days)
