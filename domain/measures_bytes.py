"""The measures of one scale as 2.7 kB of bytes, little-endian, and back without any loss."""

from array import array
from struct import Struct
from sys import byteorder

from domain.departures import Departure, Swing
from domain.measures import KINDS, LEVEL, MOMENT, RUN, SWING, Measures
from domain.seasonality import PLACES, Seasons
from domain.tails import BINS, Tails

_FIXED = Struct(f"<4I12d4d4I2d{KINDS}B")
_FLOATS_AT = _FIXED.size + PLACES
_BINS_AT = range(PLACES, PLACES + KINDS * BINS, BINS)

SIZE = _FLOATS_AT + 4 * _BINS_AT.stop


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
    return b"".join((fixed, seasons.visits, *_little((seasons.means, *tails.bins))))


def unpacked(stored: bytes) -> Measures:
    """The measures that continue exactly as the packed ones would have."""
    measures = Measures.__new__(Measures)
    fixed = _FIXED.unpack_from(stored)
    measures.points, measures.lasting, measures.age, measures.moments = fixed[:4]
    measures.previous, measures.least = fixed[4:6]
    measures.level = Departure(*LEVEL, *fixed[6:9])
    measures.run = Departure(*RUN, *fixed[9:12])
    measures.moment = Swing(*MOMENT, *fixed[12:14])
    measures.swing = Swing(*SWING, *fixed[14:16])
    total, weight, *tops = fixed[24:]
    floats = _floats(stored)
    bins = [floats[at : at + BINS] for at in _BINS_AT]
    measures.seasons = Seasons(
        floats[:PLACES], _visits(stored), list(fixed[16:20]), list(fixed[20:24])
    )
    measures.tails = Tails(bins, tops, total, weight)
    return measures


def _means(measures: Measures) -> tuple[float, ...]:
    level, run, swing = measures.level, measures.run, measures.swing
    departures = (level.fast, level.slow, level.spread, run.fast, run.slow, run.spread)
    swings = (measures.moment.fast, measures.moment.slow, swing.fast, swing.slow)
    return measures.previous, measures.least, *departures, *swings


def _visits(stored: bytes) -> "array[int]":
    return array("B", stored[_FIXED.size : _FLOATS_AT])


def _floats(stored: bytes) -> "array[float]":
    floats = array("f", stored[_FLOATS_AT:SIZE])
    return floats if byteorder == "little" else _swapped(floats)


def _little(floats: "tuple[array[float], ...]") -> "tuple[array[float], ...]":
    return floats if byteorder == "little" else tuple(_swapped(each) for each in floats)


def _swapped(floats: "array[float]") -> "array[float]":
    copy = array("f", floats)
    copy.byteswap()
    return copy
