"""Quiet hours on the clocks of zones, over midnight and over changes of the clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.quiet_hours import quiet_until
from domain.recipients import QuietHours

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
NIGHT = QuietHours(time(22), time(7), "Europe/Berlin")


@pytest.mark.parametrize(
    ("zone", "now", "until"),
    [
        ("UTC", "2026-03-10T21:59:59", None),
        ("UTC", "2026-03-10T22:00:00", "2026-03-11T07:00:00"),
        ("UTC", "2026-03-11T06:59:59", "2026-03-11T07:00:00"),
        ("UTC", "2026-03-11T07:00:00", None),
        ("Europe/Berlin", "2026-03-10T21:30:00", "2026-03-11T06:00:00"),
        ("Europe/Berlin", "2026-07-10T20:30:00", "2026-07-11T05:00:00"),
        ("America/New_York", "2026-03-10T12:00:00", None),
        ("America/New_York", "2026-03-11T02:00:00", "2026-03-11T11:00:00"),
        ("Asia/Kathmandu", "2026-03-10T16:15:00", "2026-03-11T01:15:00"),
        ("Pacific/Kiritimati", "2026-03-10T08:00:00", "2026-03-10T17:00:00"),
    ],
)
def test_a_night_is_that_of_the_readers_zone(zone: str, now: str, until: str | None) -> None:
    found = quiet_until(QuietHours(time(22), time(7), zone), _utc(now))
    assert found == (None if until is None else _utc(until))


def test_a_night_in_which_the_clock_is_set_forward_is_an_hour_shorter() -> None:
    before, short = _utc("2026-03-27T21:00:00"), _utc("2026-03-28T21:00:00")
    assert quiet_until(NIGHT, before) == before + timedelta(hours=9)
    assert quiet_until(NIGHT, short) == short + timedelta(hours=8)


def test_a_night_in_which_the_clock_is_set_back_is_an_hour_longer() -> None:
    long = _utc("2026-10-24T20:00:00")
    assert quiet_until(NIGHT, long) == long + timedelta(hours=10)


def test_an_end_that_the_clock_skips_is_at_the_change() -> None:
    quiet = QuietHours(time(22), time(2, 30), "Europe/Berlin")
    assert quiet_until(quiet, _utc("2026-03-29T00:30:00")) == _utc("2026-03-29T01:30:00")
    assert quiet_until(quiet, _utc("2026-03-29T01:00:00")) is None


def test_an_end_that_the_clock_shows_twice_ends_each_time() -> None:
    quiet = QuietHours(time(22), time(2, 30), "Europe/Berlin")
    assert quiet_until(quiet, _utc("2026-10-25T00:10:00")) == _utc("2026-10-25T00:30:00")
    assert quiet_until(quiet, _utc("2026-10-25T00:40:00")) is None
    assert quiet_until(quiet, _utc("2026-10-25T01:10:00")) == _utc("2026-10-25T01:30:00")


@given(
    now=st.integers(0, 10 * 365 * 24 * 3600).map(lambda second: EPOCH + timedelta(seconds=second)),
    start=st.times(),
    end=st.times(),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_quiet_hours_end_later_and_within_a_day_or_so(
    now: datetime, start: time, end: time, zone: str
) -> None:
    until = quiet_until(QuietHours(start, end, zone), now)
    shown = now.astimezone(ZoneInfo(zone)).time()
    inside = start <= shown < end if start <= end else shown >= start or shown < end
    assert (until is not None) is inside
    if until is not None:
        assert now < until <= now + timedelta(hours=25)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
