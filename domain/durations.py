"""ISO 8601 durations of whole units. Years, months, weeks and days follow the calendar; the rest is exact."""

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from domain.clock import DAY, SECOND, LocalClock, local_clock
from domain.errors import InvalidInput

_PATTERN = re.compile(
    r"P(?=[0-9T])(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?"
    r"(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?"
)
_LONGEST_TEXT = 60
_LONGEST_DAYS = 3_653
"""Ten years, with as many leap days as ten years can have."""

_MONTH_DAYS = 30.4375
_LONGEST_MONTH = 1.02
"""Of a mean month."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A positive length of time: months and days of the calendar, then exact seconds.

    A year is 12 months and a week 7 days; a day is a step of the wall clock, of 23 to 25 hours, while
    PT24H is always 24 hours. `str` gives the ISO 8601 text, the same for equal durations.
    """

    months: int = 0
    days: int = 0
    seconds: int = 0

    @property
    def nominal_days(self) -> float:
        """About how many days it lasts."""
        return self.months * _MONTH_DAYS + self.days + self.seconds / 86_400

    def __str__(self) -> str:
        years, months = divmod(self.months, 12)
        minutes, seconds = divmod(self.seconds, 60)
        hours, minutes = divmod(minutes, 60)
        date = _written((years, "Y"), (months, "M"), (self.days, "D"))
        time = _written((hours, "H"), (minutes, "M"), (seconds, "S"))
        return f"P{date}{'T' if time else ''}{time}"


def parse_duration(text: str, *, field: str | None = None) -> Duration:
    """The duration that `PnYnMnWnDTnHnMnS` says: positive, at most ten years; else INVALID_DURATION."""
    found = _PATTERN.fullmatch(text) if len(text) <= _LONGEST_TEXT else None
    if found is None:
        raise _invalid(text, "is not an ISO 8601 duration of whole units", field)
    years, months, weeks, days, hours, minutes, seconds = (
        int(part or 0) for part in found.groups()
    )
    duration = Duration(
        months=12 * years + months,
        days=7 * weeks + days,
        seconds=3_600 * hours + 60 * minutes + seconds,
    )
    return _checked(duration, text, field)


def before(instant: int, duration: Duration, zone: ZoneInfo) -> int:
    """The instant (microseconds since 1970) that lies the duration before another on the zone's clock.

    First the months are taken off, then the days, then the seconds. A day of the month that does not exist
    becomes the month's last; a time of day that is skipped becomes the first one after.
    """
    reached = instant
    if duration.months or duration.days:
        reach = int(duration.nominal_days * _LONGEST_MONTH) + 1
        clock = local_clock(zone, instant - reach * DAY, instant)
        reached = _wall_clock_before(clock, instant, duration)
    return reached - duration.seconds * SECOND


def months_earlier(reading: int, months: int) -> int:
    """The same day of the month and time of day, that many months earlier; the last day where it has none."""
    month = np.datetime64(reading, "us").astype("datetime64[M]")
    within = reading - _start_of(month)
    target = month - months
    length = _start_of(target + 1) - _start_of(target)
    overflow = max(within // DAY - (length // DAY - 1), 0)
    return _start_of(target) + within - overflow * DAY


def _wall_clock_before(clock: LocalClock, instant: int, duration: Duration) -> int:
    reading = clock.reading(instant)
    return clock.instant(months_earlier(reading, duration.months) - duration.days * DAY)


def _start_of(month: "np.datetime64") -> int:
    return int(month.astype("datetime64[us]").astype(np.int64))


def _written(*parts: tuple[int, str]) -> str:
    return "".join(f"{number}{unit}" for number, unit in parts if number)


def _checked(duration: Duration, text: str, field: str | None) -> Duration:
    if duration.nominal_days <= 0:
        raise _invalid(text, "is empty", field)
    if duration.nominal_days > _LONGEST_DAYS:
        raise _invalid(text, "is longer than ten years", field)
    return duration


def _invalid(text: str, what: str, field: str | None) -> InvalidInput:
    return InvalidInput(
        f"The duration {text[:_LONGEST_TEXT]!r} {what}. Give one as PT15M, PT24H, P7D, P1M or P1Y.",
        code="INVALID_DURATION",
        field=field,
    )
