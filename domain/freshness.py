"""When an answer that was kept may be given again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

_MINUTE: Final = timedelta(minutes=1)


class Pace(Enum):
    """How old an answer may be at most where its caller allows any age."""

    REALTIME = "realtime"
    METRICS = "metrics"
    DASHBOARD = "dashboard"


@dataclass(frozen=True, slots=True)
class Keeping:
    """How the answers of a root field are kept. `exact`: they depend on nothing but the data version and
    the clock, so that one may be given again for as long as the version holds."""

    pace: Pace
    exact: bool


KEPT: Final[Mapping[str, Keeping]] = {
    "summary": Keeping(Pace.DASHBOARD, exact=True),
    "timeseries": Keeping(Pace.METRICS, exact=True),
    "breakdown": Keeping(Pace.METRICS, exact=True),
    "mlPipelines": Keeping(Pace.METRICS, exact=True),
    "business": Keeping(Pace.METRICS, exact=True),
    "partners": Keeping(Pace.METRICS, exact=True),
    "projects": Keeping(Pace.METRICS, exact=True),
    "socialMedia": Keeping(Pace.METRICS, exact=True),
    "notificationDelivery": Keeping(Pace.METRICS, exact=True),
    "systemHealth": Keeping(Pace.REALTIME, exact=False),
    "dashboardSummary": Keeping(Pace.REALTIME, exact=False),
    "userAnalytics": Keeping(Pace.METRICS, exact=True),
}
"""Root fields whose answers are kept; no others are. They may depend on the caller by the role alone."""


@dataclass(frozen=True, slots=True)
class Ages:
    """For how many seconds answers are kept. `outage`: to be given while the database is down."""

    realtime: int = 60
    metrics: int = 300
    dashboard: int = 600
    outage: int = 3600

    def of(self, pace: Pace) -> int:
        """The most that a caller may allow."""
        return {
            Pace.REALTIME: self.realtime,
            Pace.METRICS: self.metrics,
            Pace.DASHBOARD: self.dashboard,
        }[pace]


def keeping_of(roots: Iterable[str]) -> Keeping | None:
    """How an operation with these root fields is kept: as the most careful of them; None: not at all."""
    found = [KEPT.get(root) for root in roots]
    known = [each for each in found if each is not None]
    if not known or len(known) < len(found):
        return None
    paces = list(Pace)
    first = min(known, key=lambda each: paces.index(each.pace))
    return Keeping(first.pace, all(each.exact for each in known))


def holds_until(now: datetime, edges: Iterable[datetime]) -> datetime:
    """Until when the clock alone leaves an answer as it is.

    Ranges move at full minutes (see domain/ranges.py) and buckets are complete from their edges on, so that
    is the next full minute, or the first edge before it.
    """
    minute = now.replace(second=0, microsecond=0) + _MINUTE
    return min((edge for edge in edges if now < edge < minute), default=minute)


@dataclass(frozen=True, slots=True)
class Kept:
    """What decides on an answer that was kept: when and at which version it was made, until when it holds."""

    version: str
    made_at: datetime
    until: datetime

    def holds(self, version: str, now: datetime) -> bool:
        """Whether it is what would be answered now."""
        return self.version == version and self.made_at <= now < self.until

    def young(self, now: datetime, seconds: float) -> bool:
        """Whether it is at most so old."""
        return (now - self.made_at).total_seconds() <= seconds
