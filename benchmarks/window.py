"""The span of time that the data covers and the questions ask about."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from benchmarks.generate import EVENTS_PER_POINT, POINT_WIDTH

POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Window:
    """Whole UTC days that end at `end`."""

    end: datetime
    days: int = 30

    @property
    def start(self) -> datetime:
        """The first instant."""
        return self.end - timedelta(days=self.days)

    @property
    def points_start(self) -> datetime:
        """The first instant of the long series."""
        return self.end - POINTS * POINT_WIDTH

    @property
    def points_inside(self) -> int:
        """How many events of the long series are inside the window."""
        return min(POINTS, timedelta(days=self.days) // POINT_WIDTH) * EVENTS_PER_POINT


def last_days(now: datetime) -> Window:
    """The window that ends with the last whole day."""
    return Window(now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0))


def iso(at: datetime) -> str:
    """With milliseconds and a Z, as a browser writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def iso_varied(at: datetime, mark: bytes) -> str:
    """The instant's minute with `mark` in the place of seconds and milliseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:") + mark.decode() + "Z"
