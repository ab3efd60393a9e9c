"""A bucket of points per caller: it fills at a steady rate and is never fuller than its capacity."""

from dataclasses import dataclass, replace

from domain.errors import TidemarkError


class RateLimited(TidemarkError):
    """The caller's points are used up; `retry_after` seconds from now there are enough."""

    code = "RATE_LIMITED"

    def __init__(self, asked: int, remaining: float, retry_after: float) -> None:
        super().__init__(
            f"This costs {asked:,} points and {int(remaining):,} are left; try again in"
            f" {retry_after:.3g} s.",
            asked=asked,
            remaining=int(remaining),
            retryAfter=round(retry_after, 3),
        )
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many points a caller may save up, and how many come in each second."""

    capacity: int = 60_000
    per_second: float = 1_000.0

    def wait(self, level: float, points: float) -> float:
        """Seconds until a bucket at this level holds so many points."""
        return max(0.0, points - level) / self.per_second


@dataclass(frozen=True, slots=True)
class Bucket:
    """How full a bucket was at an instant, in seconds of any clock that does not run backwards."""

    level: float
    at: float

    def filled(self, allowance: Allowance, now: float) -> "Bucket":
        """The same bucket now."""
        gained = max(0.0, now - self.at) * allowance.per_second
        return Bucket(min(float(allowance.capacity), self.level + gained), max(now, self.at))

    def without(self, points: float) -> "Bucket":
        """After points were taken out (or, below 0, put back)."""
        return replace(self, level=self.level - points)
