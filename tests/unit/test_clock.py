from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.clock import EPOCH, local_clock, microseconds, utc_datetime
from domain.zones import zone_names

HOUR = 3_600_000_000
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2100, 12, 31)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=UTC)
)
ZONES = st.sampled_from(sorted(zone_names())).map(ZoneInfo)


def shown(instant: datetime, zone: ZoneInfo) -> int:
    return microseconds(instant.astimezone(zone).replace(tzinfo=UTC))


@given(moment=MOMENTS, zone=ZONES)
@settings(max_examples=300, deadline=None)
def test_shows_what_zoneinfo_shows(moment: datetime, zone: ZoneInfo) -> None:
    clock = local_clock(zone, microseconds(moment), microseconds(moment))
    assert clock.reading(microseconds(moment)) == shown(moment, zone)


@pytest.mark.parametrize(
    "name", ["Africa/Casablanca", "Asia/Gaza", "America/Recife", "Africa/Cairo"]
)
def test_knows_offsets_that_last_only_days(name: str) -> None:
    zone = ZoneInfo(name)
    first, last = (
        microseconds(datetime(1995, 1, 1, tzinfo=UTC)),
        microseconds(datetime(2030, 1, 1, tzinfo=UTC)),
    )
    instants = np.arange(first, last, 12 * HOUR)
    expected = [shown(utc_datetime(int(at)), zone) for at in instants]
    assert local_clock(zone, first, last).readings(instants).tolist() == expected


@given(moment=MOMENTS, zone=ZONES)
@settings(max_examples=300, deadline=None)
def test_finds_the_first_instant_that_shows_a_reading(moment: datetime, zone: ZoneInfo) -> None:
    reading = microseconds(moment)
    clock = local_clock(zone, reading, reading)
    found = clock.instant(reading)
    assert shown(utc_datetime(found), zone) >= reading
    earlier = [utc_datetime(found - 1 - minutes * 60_000_000) for minutes in range(0, 26 * 60, 30)]
    assert all(shown(instant, zone) < reading for instant in earlier)


def test_a_repeated_reading_is_found_where_it_comes_first() -> None:
    half_past_two = datetime(2026, 10, 25, 2, 30, tzinfo=UTC)
    at = microseconds(half_past_two)
    found = local_clock(ZoneInfo("Europe/Berlin"), at, at).instant(at)
    assert utc_datetime(found) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_skipped_reading_is_found_where_the_clock_was_set() -> None:
    half_past_two = microseconds(datetime(2026, 3, 29, 2, 30, tzinfo=UTC))
    found = local_clock(ZoneInfo("Europe/Berlin"), half_past_two, half_past_two).instant(
        half_past_two
    )
    assert utc_datetime(found) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_holds_to_the_end_of_year_9999() -> None:
    last = microseconds(datetime(9999, 12, 31, tzinfo=UTC))
    clock = local_clock(ZoneInfo("Pacific/Kiritimati"), last, last)
    assert utc_datetime(clock.reading(last)) - EPOCH == timedelta(microseconds=last, hours=14)
