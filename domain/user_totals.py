"""What one user did, by event type."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class TypeTotals:
    """Events of one type: counts, when, and the sum in ms of those that have a duration."""

    event_type: str
    count: int
    errors: int
    timed: int
    duration_sum: Decimal
    first_at: datetime
    last_at: datetime

    @property
    def average_duration_ms(self) -> float | None:
        """The mean; None where no event has a duration."""
        return float(self.duration_sum / self.timed) if self.timed else None


@dataclass(frozen=True, slots=True)
class UserTotals:
    """All events of one user, the type with the most first; there is at least one."""

    user_id: str
    by_type: Sequence[TypeTotals]
    as_of: datetime
    served_by: tuple[str, ...]

    @property
    def events(self) -> int:
        return sum(each.count for each in self.by_type)

    @property
    def errors(self) -> int:
        return sum(each.errors for each in self.by_type)

    @property
    def average_duration_ms(self) -> float | None:
        """The mean over all events that have a duration, whatever their type."""
        timed = sum(each.timed for each in self.by_type)
        total = sum((each.duration_sum for each in self.by_type), Decimal(0))
        return float(total / timed) if timed else None

    @property
    def first_at(self) -> datetime:
        return min(each.first_at for each in self.by_type)

    @property
    def last_at(self) -> datetime:
        return max(each.last_at for each in self.by_type)

    def count_of(self, event_type: str) -> int:
        """Events of one type."""
        return sum(each.count for each in self.by_type if each.event_type == event_type)
