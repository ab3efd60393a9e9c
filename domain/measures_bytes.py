"""The measures of one scale as 2.7 kB of bytes, little-endian, and back without any loss."""

from array import array
from struct import Struct
from sys import byteorder

from domain.measures import KINDS, Measures
from domain.seasonality import PLACES
from domain.tails import BINS

_FIXED = Struct(f"<4I12d4d4I2d{KINDS}B")
_ROOM = 4 * BINS

SIZE = _FIXED.size + 5 * PLACES + _ROOM * KINDS


def packed(measures: Measures) -> bytes:
    """Everything that the measures remember."""
    seasons, tails = measures.seasons, measures.tails
    fixed = _FIXED.pack(
        *(measures.points, measures.lasting, measures.age, measures.moments),
        *_means(measures),
        *seasons.errors,
        *seasons.met,
        *(tails.total, tails.weight),
        *tails.tops,
    )
    floats = (_little(each) for each in (seasons.means, *tails.bins))
    return b"".join((fixed, seasons.visits.tobytes(), *floats))


def unpacked(stored: bytes) -> Measures:
    """The measures that continue exactly as the packed ones would have."""
    measures = Measures()
    fixed = _FIXED.unpack_from(stored)
    measures.points, measures.lasting, measures.age, measures.moments = fixed[:4]
    _restore_means(measures, fixed[4:16])
    measures.seasons.errors, measures.seasons.met = list(fixed[16:20]), list(fixed[20:24])
    measures.tails.total, measures.tails.weight, *measures.tails.tops = fixed[24:]
    _restore_arrays(measures, memoryview(stored)[_FIXED.size :])
    return measures


def _means(measures: Measures) -> tuple[float, ...]:
    level, run, swing = measures.level, measures.run, measures.swing
    departures = (level.fast, level.slow, level.spread, run.fast, run.slow, run.spread)
    swings = (measures.moment.fast, measures.moment.slow, swing.fast, swing.slow)
    return measures.previous, measures.least, *departures, *swings


def _restore_means(measures: Measures, means: tuple[float, ...]) -> None:
    level, run, moment, swing = measures.level, measures.run, measures.moment, measures.swing
    measures.previous, measures.least, level.fast, level.slow, level.spread = means[:5]
    run.fast, run.slow, run.spread, moment.fast, moment.slow = means[5:10]
    swing.fast, swing.slow = means[10:]


def _restore_arrays(measures: Measures, stored: memoryview) -> None:
    measures.seasons.visits = array("B", stored[:PLACES].tobytes())
    measures.seasons.means = _floats(stored[PLACES : 5 * PLACES])
    bins = stored[5 * PLACES :]
    measures.tails.bins = [_floats(bins[at : at + _ROOM]) for at in range(0, len(bins), _ROOM)]


def _little(floats: "array[float]") -> bytes:
    return floats.tobytes() if byteorder == "little" else _swapped(floats).tobytes()


def _floats(stored: memoryview) -> "array[float]":
    floats = array("f", stored.tobytes())
    return floats if byteorder == "little" else _swapped(floats)


def _swapped(floats: "array[float]") -> "array[float]":
    copy = array("f", floats)
    copy.byteswap()
    return copy
