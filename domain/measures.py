"""What is measured of a series at one scale, and what has been learned there so far.

Four ratios are ranked among their own past: how far the level of the last 16 values is from the long-term
one, how far the last 8 residuals from the believed cycle are from the usual ones, how far the value is from
its hour of the week, and how much the last 40 values swing. A fifth gives the range that is expected.
"""

from domain.departures import AT_ONCE, Departure, Swing, rate
from domain.seasonality import WEEK, Places, Seasons
from domain.tails import Tails

BAND = 4
"""Which ratio gives the expected range; those before it are level, run, moment and swing."""

KINDS = BAND + 1

LEVEL = rate(16), rate(4_000)
RUN = rate(8), rate(1_000)
MOMENT = AT_ONCE, rate(2_000)
SWING = rate(40), rate(2_000)
"""The quick and the slow rate of each ratio."""

_FEW = 6
_FLOOR = 1e-4
_OUTSIDE = 0.01
_LASTING_SURPRISE = 4.0
_LASTING = 24
_NEW_LEVEL_AGE = 100


class Measures:
    """Everything that one scale remembers."""

    __slots__ = (
        "age",
        "lasting",
        "least",
        "level",
        "moment",
        "moments",
        "points",
        "previous",
        "run",
        "seasons",
        "swing",
        "tails",
    )

    def __init__(self) -> None:
        self.points = 0
        self.lasting = 0
        self.age = 0
        self.moments = 0
        self.previous = 0.0
        self.least = 0.0
        self.level = Departure(*LEVEL)
        self.run = Departure(*RUN)
        self.moment = Swing(*MOMENT)
        self.swing = Swing(*SWING)
        self.seasons = Seasons.empty()
        self.tails = Tails.empty(KINDS)

    def range(self, place: Places) -> tuple[float, float, float] | None:
        """What the believed cycle foresees and the bounds that 99 % kept to; None while nothing is known.

        The lower bound is not below 0 for a series that never was.
        """
        if not self.points:
            return None
        cycle = self.seasons.believed(place)
        usual = self.seasons.errors[cycle] + self._floor()
        reach = self.tails.exceeded_by(BAND, _OUTSIDE) * usual
        expected = self.seasons.means[place[cycle]]
        lower = expected - reach
        return expected, max(lower, 0.0) if self.least >= 0.0 else lower, expected + reach

    def take_in(self, place: Places, value: float) -> list[float]:
        """The surprises of the four ratios; the value is then part of what is known."""
        ratios = self._ratios(place, value)
        self.seasons.learn(place, value)
        parts = self.tails.surprises(ratios if self.points >= _FEW else (0.0,) * KINDS)
        del parts[BAND]
        self._settle(sum(parts))
        return parts

    def _ratios(self, place: Places, value: float) -> tuple[float, ...]:
        if not self.points:
            self.previous = value
            self.level.begin(value)
        self.points += 1
        self.age += 1
        self.least = min(self.least, value)
        floor, first, since = self._floor(), 1.0 / self.points, 1.0 / self.age
        cycle = self.seasons.believed(place)
        residual = self.seasons.residual(cycle, place, value) or 0.0
        size = abs(value - self.previous)
        self.previous = value
        return (
            self.level.ratio(value, first, since, floor),
            self.run.ratio(residual, first, since, floor),
            self._moment(place, value, floor),
            self.swing.ratio(size, first, floor),
            abs(residual) / (self.seasons.errors[cycle] + floor),
        )

    def _moment(self, place: Places, value: float, floor: float) -> float:
        """The value against its hour of the week; 0 until that hour has been met."""
        residual = self.seasons.residual(WEEK, place, value)
        if residual is None:
            return 0.0
        self.moments += 1
        found = self.moment.ratio(abs(residual), 1.0 / self.moments, floor)
        return found if self.moments >= _FEW else 0.0

    def _settle(self, surprise: float) -> None:
        """What stays unusual is the new usual: the long means learn faster from then on."""
        self.lasting = self.lasting + 1 if surprise >= _LASTING_SURPRISE else 0
        if self.lasting >= _LASTING:
            self.lasting = 0
            self.age = min(self.age, _NEW_LEVEL_AGE)

    def _floor(self) -> float:
        """A deviation too small to speak of, so that a flat series is not all surprise."""
        return _FLOOR * abs(self.level.slow) + 1e-12
