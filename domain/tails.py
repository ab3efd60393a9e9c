"""How unusual a measurement is among those before it: a rank, kept as a fading histogram.

A measurement is a ratio (a deviation in units of what is usual), so bins are fixed: four an octave, from 2^-6
on. Its surprise is −log10 of the share of earlier ones that were at least as large, so 3 means "one in a
thousand"; beyond the largest ever met it grows by one for each octave. Ranks need no assumption about the
distribution: heavy tails, counts and flat stretches are measured by what they themselves have shown.
"""

import math
from array import array
from collections.abc import Iterable

BINS = 64
HALF_LIFE = 3_000
"""Points after which an earlier measurement counts half."""

_PER_OCTAVE = 4
_LOWEST = -6
_TINY = 1e-9
_GROWTH = 2.0 ** (1.0 / HALF_LIFE)
_HEAVY = 65_536.0


class Tails:
    """Several histograms that take one measurement each per point.

    Older points fade because newer ones weigh more (`weight` grows); bins are float32, so that what is
    stored is what is reckoned with.
    """

    __slots__ = ("bins", "tops", "total", "weight")

    def __init__(
        self, bins: list["array[float]"], tops: list[int], total: float, weight: float
    ) -> None:
        self.bins = bins
        self.tops = tops
        self.total = total
        self.weight = weight

    @classmethod
    def empty(cls, kinds: int) -> "Tails":
        """Nothing measured yet."""
        return cls([array("f", bytes(4 * BINS)) for _ in range(kinds)], [0] * kinds, 0.0, 1.0)

    def surprises(self, ratios: Iterable[float]) -> list[float]:
        """The surprise of one measurement of each kind, which then joins the earlier ones."""
        found = [self._meet(kind, ratio) for kind, ratio in enumerate(ratios)]
        self.total += self.weight
        self.weight *= _GROWTH
        if self.weight > _HEAVY:
            self._lighten()
        return found

    def exceeded_by(self, kind: int, share: float) -> float:
        """The ratio that about `share` of the earlier measurements exceeded."""
        left = share * self.total
        bins = self.bins[kind]
        at = self.tops[kind]
        while at > 0 and left > bins[at]:
            left -= bins[at]
            at -= 1
        return _edge(at + 1)

    def _meet(self, kind: int, ratio: float) -> float:
        bins, top = self.bins[kind], self.tops[kind]
        place = _PER_OCTAVE * (math.log2(ratio + _TINY) - _LOWEST)
        at = 0 if place < 0.0 else min(BINS - 1, int(place))
        part = 1.0 if place < 0.0 else max(0.0, 1.0 - place + at)
        above = sum(bins[at + 1 : top + 1]) + bins[at] * part
        found = math.log10((self.total + self.weight) / (above + 0.5 * self.weight))
        bins[at] += self.weight
        if at > top:
            self.tops[kind] = at
        beyond = place - top - 1
        return found + beyond / _PER_OCTAVE if beyond > 0.0 else found

    def _lighten(self) -> None:
        self.bins = [array("f", [mass / self.weight for mass in each]) for each in self.bins]
        self.total /= self.weight
        self.weight = 1.0


def _edge(at: int) -> float:
    """The ratio at which bin `at` begins."""
    return math.exp2(at / _PER_OCTAVE + _LOWEST)
