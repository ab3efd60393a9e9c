"""What a caller may say for a range, and the span of instants that it means at a moment in a zone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from domain.clock import DAY, EPOCH, SECOND, Weekday, local_clock, microseconds, utc_datetime
from domain.durations import Duration, before, parse_duration
from domain.errors import InvalidInput, OverLimit, UnknownName
from domain.questions import Interval

LATEST = datetime(9999, 12, 31, tzinfo=UTC)
"""No range ends later: the local time of a zone to the east would be in the year 10000."""

LONGEST = timedelta(days=36_525)
"""A hundred years."""

_MINUTE = 60 * SECOND
_QUARTER_HOUR = 15 * _MINUTE


class RangePreset(Enum):
    """Spans of the zone's calendar. All that hold the present day end when their last day ends."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    THIS_WEEK = "this_week"
    LAST_7_DAYS = "last_7_days"
    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"
    LAST_30_DAYS = "last_30_days"
    LAST_90_DAYS = "last_90_days"
    THIS_YEAR = "this_year"


@dataclass(frozen=True, slots=True)
class Between:
    """From `start` up to, but without, `end`."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Last:
    """The duration up to now, the newest second included."""

    duration: Duration


RangeSpec = Between | Last | RangePreset


def last(duration: str, *, field: str | None = None) -> Last:
    """The range of an ISO 8601 duration up to now."""
    return Last(parse_duration(duration, field=field))


def preset(name: str, *, field: str | None = None) -> RangePreset:
    """The preset of that name, as TODAY; else UNKNOWN_RANGE_PRESET."""
    if name not in RangePreset.__members__:
        raise UnknownName("range preset", name, RangePreset.__members__, field=field)
    return RangePreset[name]


def resolve(
    spec: RangeSpec,
    now: datetime,
    zone: ZoneInfo,
    week_start: Weekday = Weekday.MONDAY,
    *,
    longest: timedelta = LONGEST,
    field: str | None = "range",
) -> Interval:
    """The span that the range means at `now` (aware): half-open, in UTC, within 1970 to 9999.

    INVALID_RANGE where it is empty, reversed, naive or out of bounds; RANGE_TOO_LONG beyond `longest`.
    """
    match spec:
        case Between(start, end):
            found = _given(start, end, field)
        case Last(duration):
            found = _up_to(now, duration, zone)
        case RangePreset():
            found = _calendar_span(spec, now, zone, week_start)
    return _checked(found, longest, field)


def _given(start: datetime, end: datetime, field: str | None) -> Interval:
    for name, instant in (("from", start), ("to", end)):
        if instant.utcoffset() is None:
            raise _invalid(f"{name} is {instant.isoformat()}, which has no UTC offset", field)
    try:
        return Interval(start.astimezone(UTC), end.astimezone(UTC))
    except OverflowError:
        raise _invalid("from or to is not within the years 1970 to 9999 in UTC", field) from None


def _up_to(now: datetime, duration: Duration, zone: ZoneInfo) -> Interval:
    """Ends at the next full minute, or of a day and more at the next full quarter-hour, after `now`.

    So the newest second is inside, repeated questions are equal, and rollups alone can answer long ones.
    """
    step = _QUARTER_HOUR if duration.nominal_days >= 1 else _MINUTE
    end = (microseconds(now) // step + 1) * step
    return Interval(utc_datetime(before(end, duration, zone)), utc_datetime(end))


def _calendar_span(
    spec: RangePreset, now: datetime, zone: ZoneInfo, week_start: Weekday
) -> Interval:
    today = now.astimezone(zone).date()
    if spec is RangePreset.YESTERDAY:
        return _yesterday(today, zone)
    first, after = _DATES[spec](today, week_start)
    return Interval(start_of_day(first, zone), start_of_day(after, zone))


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant at which the zone's clock shows that date or, where it skips it, a later one."""
    reading = (day - EPOCH.date()).days * DAY
    return utc_datetime(local_clock(zone, reading, reading).instant(reading))


def _yesterday(today: date, zone: ZoneInfo) -> Interval:
    """The last day that there was: a date that the zone skipped is passed over."""
    end = start_of_day(today, zone)
    before_today = (end - timedelta(microseconds=1)).astimezone(zone).date()
    return Interval(start_of_day(before_today, zone), end)


def _last_days(count: int) -> Callable[[date, Weekday], tuple[date, date]]:
    return lambda today, _: (today - timedelta(days=count - 1), today + timedelta(days=1))


def _this_week(today: date, week_start: Weekday) -> tuple[date, date]:
    first = today - timedelta(days=(today.weekday() - week_start) % 7)
    return first, first + timedelta(days=7)


def _this_month(today: date, _: Weekday) -> tuple[date, date]:
    first = today.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def _last_month(today: date, _: Weekday) -> tuple[date, date]:
    after = today.replace(day=1)
    return (after - timedelta(days=1)).replace(day=1), after


def _this_year(today: date, _: Weekday) -> tuple[date, date]:
    first = today.replace(month=1, day=1)
    return first, first.replace(year=today.year + 1)


_DATES: Mapping[RangePreset, Callable[[date, Weekday], tuple[date, date]]] = {
    RangePreset.TODAY: _last_days(1),
    RangePreset.THIS_WEEK: _this_week,
    RangePreset.LAST_7_DAYS: _last_days(7),
    RangePreset.THIS_MONTH: _this_month,
    RangePreset.LAST_MONTH: _last_month,
    RangePreset.LAST_30_DAYS: _last_days(30),
    RangePreset.LAST_90_DAYS: _last_days(90),
    RangePreset.THIS_YEAR: _this_year,
}
"""The first date of each preset and the first date after it; YESTERDAY follows what the zone skipped."""


def _checked(found: Interval, longest: timedelta, field: str | None) -> Interval:
    said = f"from {found.start.isoformat()} to {found.end.isoformat()}"
    if found.start >= found.end:
        raise _invalid(f"The range {said} is empty: to must be later than from", field)
    if found.start < EPOCH:
        raise _invalid(f"The range {said} starts before 1970-01-01T00:00:00Z", field)
    if found.end > LATEST:
        raise _invalid(f"The range {said} ends after {LATEST.isoformat()}", field)
    if found.end - found.start > longest:
        raise OverLimit(
            f"The range {said} is longer than {longest.days:,} days.",
            code="RANGE_TOO_LONG",
            field=field,
            limitDays=longest.days,
        )
    return found


def _invalid(what: str, field: str | None) -> InvalidInput:
    return InvalidInput(f"{what}.", code="INVALID_RANGE", field=field)
