"""How unusual a measurement is among those before it: a rank, kept as a fading histogram.

A measurement is a ratio (a deviation in units of what is usual), so bins are fixed: four an octave, from 2^-6
on. Its surprise is −log10 of the share of earlier ones that were at least as large, so 3 means "one in a
thousand"; beyond the largest ever met it grows by one for each octave. Ranks need no assumption about the
distribution: heavy tails, counts and flat stretches are measured by what they themselves have shown.
"""

from array import array
from collections.abc import Iterable
from math import exp2, log2, log10

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
        whole, half = self.total + self.weight, 0.5 * self.weight
        found = []
        for kind, ratio in enumerate(ratios):
            place = _PER_OCTAVE * (log2(ratio + _TINY) - _LOWEST)
            bins, top = self.bins[kind], self.tops[kind]
            at, above = _met(bins, top, place)
            surprise = log10(whole / (above + half))
            bins[at] += self.weight
            if at > top:
                self.tops[kind] = at
            beyond = place - top - 1
            found.append(surprise + beyond / _PER_OCTAVE if beyond > 0.0 else surprise)
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

    def _lighten(self) -> None:
        self.bins = [array("f", [mass / self.weight for mass in each]) for each in self.bins]
        self.total /= self.weight
        self.weight = 1.0


def _met(bins: "array[float]", top: int, place: float) -> tuple[int, float]:
    """The bin that a place falls into, and how much lies above the place."""
    if place < 0.0:
        return 0, sum(bins[: top + 1])
    at = int(place)
    if at >= top:
        at = min(BINS - 1, at)
        return at, bins[at] * max(0.0, 1.0 - place + at)
    return at, sum(bins[at + 1 : top + 1]) + bins[at] * (1.0 - place + at)


def _edge(at: int) -> float:
    """The ratio at which bin `at` begins."""
    return exp2(at / _PER_OCTAVE + _LOWEST)
