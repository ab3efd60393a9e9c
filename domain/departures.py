"""Moving averages that say how far the present is from the past, in units of what is usual.

All are exponential, with half-lives in points, and start as plain means: the n-th point weighs at least 1/n.
Deviations are absolute, not squared, so that one outlier moves the yardstick little.
"""

import math

AT_ONCE = 1.0
"""The rate that leaves nothing of the point before."""


def rate(half_life: float) -> float:
    """The weight of each new point for a half-life in points."""
    return 1.0 - math.exp2(-1.0 / half_life)


class Departure:
    """A short mean (rate `quick`) against a long one (`slowly`), in units of the long mean deviation."""

    __slots__ = ("fast", "quick", "slow", "slowly", "spread")

    def __init__(
        self, quick: float, slowly: float, fast: float = 0.0, slow: float = 0.0, spread: float = 0.0
    ) -> None:
        self.quick = quick
        self.slowly = slowly
        self.fast = fast
        self.slow = slow
        self.spread = spread

    def begin(self, value: float) -> None:
        """Start both means at the first value."""
        self.fast = self.slow = value

    def ratio(self, value: float, first: float, since: float, floor: float) -> float:
        """Take a value in; `first` and `since` are the least weights in the short and the long mean."""
        self.fast += max(self.quick, first) * (value - self.fast)
        found = abs(self.fast - self.slow) / (self.spread + floor)
        gain = max(self.slowly, since)
        away = value - self.slow
        self.slow += gain * away
        self.spread += gain * (abs(away) - self.spread)
        return found


class Swing:
    """The short mean (rate `quick`) of a size against its long mean (`slowly`)."""

    __slots__ = ("fast", "quick", "slow", "slowly")

    def __init__(self, quick: float, slowly: float, fast: float = 0.0, slow: float = 0.0) -> None:
        self.quick = quick
        self.slowly = slowly
        self.fast = fast
        self.slow = slow

    def ratio(self, size: float, least: float, floor: float) -> float:
        """Take a size in; `least` is the least weight of it in both means."""
        self.fast += max(self.quick, least) * (size - self.fast)
        found = self.fast / (self.slow + floor)
        self.slow += max(self.slowly, least) * (size - self.slow)
        return found
