"""What is usual at a moment: four cycles learn side by side, and the one that errs least is believed.

The cycles are none at all (one mean), the hour (slots of two minutes), the day (half hours) and the week
(hours). A moment's place is read from its own clock, so a zone-aware time gives that zone's hours and
weekdays, daylight saving included.
"""

from array import array
from datetime import datetime

FLAT, HOUR, DAY, WEEK = range(4)
SLOTS = (1, 30, 48, 168)
PLACES = sum(SLOTS)

Places = tuple[int, int, int, int]
"""A moment's slot in each cycle, as positions in one array."""

_DAY_AT = 1 + 30
_WEEK_AT = _DAY_AT + 48
_RATES = (0.002, 0.02, 0.04, 0.1)
_ERROR_RATE = 1.0 - 2.0 ** (-1.0 / 1_000)
_BETTER = 0.9
_MANY = 255


def places(at: datetime) -> Places:
    """Where a moment falls in each cycle."""
    hour, minute = at.hour, at.minute
    return (
        0,
        1 + minute // 2,
        _DAY_AT + 2 * hour + minute // 30,
        _WEEK_AT + 24 * at.weekday() + hour,
    )


class Seasons:
    """A moving mean per slot, how often each was visited, and how far off each cycle has been of late.

    Means are float32 and visits stop at 255, so that what is stored is what is reckoned with.
    """

    __slots__ = ("errors", "means", "met", "visits")

    def __init__(
        self, means: "array[float]", visits: "array[int]", errors: list[float], met: list[int]
    ) -> None:
        self.means = means
        self.visits = visits
        self.errors = errors
        self.met = met

    @classmethod
    def empty(cls) -> "Seasons":
        """Nothing met yet."""
        means, visits = array("f", bytes(4 * PLACES)), array("B", bytes(PLACES))
        return cls(means, visits, [0.0] * 4, [0] * 4)

    def believed(self, at: Places) -> int:
        """The cycle to go by: a finer one must err clearly less, and have met half of its slots."""
        best, least = FLAT, self.errors[FLAT]
        for cycle in (HOUR, DAY, WEEK):
            error = self.errors[cycle]
            known = self.visits[at[cycle]] and 2 * self.met[cycle] > SLOTS[cycle]
            if known and error < least * _BETTER:
                best, least = cycle, error
        return best

    def residual(self, cycle: int, at: Places, value: float) -> float | None:
        """How far the value is from its slot's mean; None where the slot was never visited."""
        place = at[cycle]
        return value - self.means[place] if self.visits[place] else None

    def learn(self, at: Places, value: float) -> None:
        """Let every cycle's slot take the value in."""
        means, known = self.means, self.visits
        for cycle, place in enumerate(at):
            visits = known[place]
            away = value - means[place]
            if visits:
                self.met[cycle] += 1
                gain = max(_ERROR_RATE, 1.0 / self.met[cycle])
                self.errors[cycle] += gain * (abs(away) - self.errors[cycle])
            if visits < _MANY:
                known[place] = visits + 1
            means[place] += max(_RATES[cycle], 1.0 / (visits + 1)) * away
