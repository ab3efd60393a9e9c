"""Quantiles within 1 % of the true value: exact while few, then a histogram with relative bins (DDSketch).

A raw chunk lists float64 values. A dense chunk is a histogram: int32 bin keys, rising, then uint64 counts,
both little-endian. Bin i of the positive side holds (GAMMA^(i-1), GAMMA^i]; its estimate is off by at most
ALPHA either way. The negative side mirrors it and zero is a bin of its own, so keys rise with the values.
The quantile q of n values is the one of rank max(1, ceil(q n)), counted from the smallest.
Source: Masson, Rim, Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
guarantees", 2019.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from domain.chunks import DENSE, RAW, chunk, payloads
from domain.questions import Estimate

ALPHA = 0.0095
GAMMA = (1 + ALPHA) / (1 - ALPHA)
RAW_LIMIT = 64
"""So many values are kept as they are before they become a histogram."""

_LOG_GAMMA = math.log(GAMMA)
_ONE = 100_000
"""Key of the bin that ends at 1.0: keys of positive values stay above zero down to 1e-800."""

Keys = NDArray[np.int32]
Counts = NDArray[np.uint64]
Floats = NDArray[np.float64]

_NOTHING: Floats = np.empty(0)


@dataclass(frozen=True, slots=True)
class Distribution:
    """The merge of some sketches: sorted raw values where `counts` is None, else rising bins with counts."""

    values: Floats
    keys: Keys
    counts: Counts | None

    def quantile(self, q: float) -> Estimate | None:
        """The value of rank max(1, ceil(q n)) with its bounds; None of nothing."""
        if self.counts is None:
            return _exact(self.values, q)
        totals = np.cumsum(self.counts)
        return _bin(int(self.keys[np.searchsorted(totals, rank(q, int(totals[-1])))]))


def compact(sketch: bytes) -> bytes:
    """The same distribution in less room: a list of up to `RAW_LIMIT` values, or a histogram."""
    merged = distribution([sketch])
    if merged.counts is None and len(merged.values) <= RAW_LIMIT:
        return chunk(RAW, merged.values.astype(">f8").tobytes())
    keys, counts = (
        (merged.keys, merged.counts)
        if merged.counts is not None
        else (_keys(merged.values), np.ones(len(merged.values), np.uint64))
    )
    keys, counts = _added(keys, counts)
    return chunk(DENSE, keys.astype("<i4").tobytes() + counts.astype("<u8").tobytes())


def distribution(sketches: Iterable[bytes]) -> Distribution:
    """The merge of sketches; stays exact where none has become a histogram.

    Bins rise, and one that several sketches have comes several times.
    """
    listed, dense = payloads(sketches)
    if not listed and len(dense) == 1:
        return Distribution(_NOTHING, *_bins(dense))
    values = np.sort(np.frombuffer(b"".join(listed), ">f8").astype(np.float64))
    if not dense:
        return Distribution(values, np.empty(0, np.int32), None)
    keys, counts = _bins(dense)
    if len(values):
        ones = np.ones(len(values), np.uint64)
        keys, counts = np.concatenate((keys, _keys(values))), np.concatenate((counts, ones))
    order = np.argsort(keys, kind="stable")
    return Distribution(_NOTHING, keys[order], counts[order])


def _bins(dense: Sequence[bytes]) -> tuple[Keys, Counts]:
    ends = [len(each) // 12 * 4 for each in dense]
    keys = b"".join([each[:end] for each, end in zip(dense, ends, strict=True)])
    counts = b"".join([each[end:] for each, end in zip(dense, ends, strict=True)])
    return np.frombuffer(keys, "<i4"), np.frombuffer(counts, "<u8")


def rank(q: float, count: int) -> int:
    """max(1, ceil(q n)), of q as it is written: 0.07 of 100 is the 7th, though 0.07 * 100 > 7 in floats."""
    above, below = _as_written(q)
    return max(1, -(-above * count // below))


@lru_cache(maxsize=64)
def _as_written(q: float) -> tuple[int, int]:
    return Fraction(str(q)).as_integer_ratio()


def _exact(values: Floats, q: float) -> Estimate | None:
    if not len(values):
        return None
    value = float(values[rank(q, len(values)) - 1])
    return Estimate(value, value, value, exact=True)


def _keys(values: Floats) -> Keys:
    """The bin of each of some values, one at least, that rise."""
    if values[0] > 0:
        keys = np.ceil(np.log(values) / _LOG_GAMMA) + _ONE
    else:
        side = np.sign(values)
        magnitude = np.where(side == 0, 1.0, np.abs(values))
        keys = side * (np.ceil(np.log(magnitude) / _LOG_GAMMA) + _ONE)
    return np.asarray(keys, np.int32)


def _added(keys: Keys, counts: Counts) -> tuple[Keys, Counts]:
    """Rising bins with the counts of equal ones added up."""
    if not len(keys):
        return keys, counts
    first = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
    return keys[first], np.add.reduceat(counts, first)


def _bin(key: int) -> Estimate:
    if key == 0:
        return Estimate(0.0, 0.0, 0.0, exact=True)
    side = 1 if key > 0 else -1
    outer = GAMMA ** (abs(key) - _ONE)
    inner = outer / GAMMA
    value = 2 * outer / (GAMMA + 1)
    lower, upper = sorted((side * inner, side * outer))
    return Estimate(side * value, lower, upper, exact=False)
