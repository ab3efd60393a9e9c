"""What a detector remembers of one series, and the 2.7 kB of bytes it is kept as between points."""

from array import array
from struct import Struct
from sys import byteorder
from typing import NewType

from domain.departures import AT_ONCE, Departure, Swing
from domain.seasonality import PLACES, Seasons
from domain.tails import BINS, Tails

State = NewType("State", bytes)
"""A memory packed: opaque, little-endian, and read by its own version only."""

BAND = 4
"""Which measurement gives the expected range; those before it are level, run, moment and swing."""

_KINDS = BAND + 1
_MARK = b"A1"
_FIXED = Struct(f"<2s5I12d4d4I2d{_KINDS}B")
_SIZE = _FIXED.size + 5 * PLACES + 4 * BINS * _KINDS


class Memory:
    """Everything that changes from point to point."""

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
        "silence",
        "swing",
        "tails",
    )

    def __init__(self) -> None:
        self.points = 0
        self.silence = 0
        self.lasting = 0
        self.age = 0
        self.moments = 0
        self.previous = 0.0
        self.least = 0.0
        self.level = Departure(16, 4_000)
        self.run = Departure(8, 1_000)
        self.moment = Swing(AT_ONCE, 2_000)
        self.swing = Swing(40, 2_000)
        self.seasons = Seasons()
        self.tails = Tails(_KINDS)


def pack(memory: Memory) -> State:
    """The memory as bytes; unpacked they continue exactly as it would have."""
    seasons, tails = memory.seasons, memory.tails
    fixed = _FIXED.pack(
        _MARK, *_counts(memory), *_means(memory), *seasons.errors, *seasons.met, *_tails(tails)
    )
    means, *bins = (_little(each) for each in (seasons.means, *tails.bins))
    return State(b"".join((fixed, seasons.visits.tobytes(), means, *bins)))


def unpack(state: State) -> Memory:
    """The memory of a state; ValueError where it is of another version."""
    if len(state) != _SIZE or not state.startswith(_MARK):
        raise ValueError(f"Not a detector state of version {_MARK.decode()}, {_SIZE} bytes.")
    memory = Memory()
    fixed = _FIXED.unpack_from(state)
    memory.points, memory.silence, memory.lasting, memory.age, memory.moments = fixed[1:6]
    _restore_means(memory, fixed[6:18])
    memory.seasons.errors, memory.seasons.met = list(fixed[18:22]), list(fixed[22:26])
    memory.tails.total, memory.tails.weight, *memory.tails.tops = fixed[26:]
    _restore_arrays(memory, memoryview(state)[_FIXED.size :])
    return memory


def _counts(memory: Memory) -> tuple[int, ...]:
    return memory.points, memory.silence, memory.lasting, memory.age, memory.moments


def _means(memory: Memory) -> tuple[float, ...]:
    level, run, swing = memory.level, memory.run, memory.swing
    departures = (level.fast, level.slow, level.spread, run.fast, run.slow, run.spread)
    swings = (memory.moment.fast, memory.moment.slow, swing.fast, swing.slow)
    return memory.previous, memory.least, *departures, *swings


def _restore_means(memory: Memory, means: tuple[float, ...]) -> None:
    level, run, moment, swing = memory.level, memory.run, memory.moment, memory.swing
    memory.previous, memory.least, level.fast, level.slow, level.spread = means[:5]
    run.fast, run.slow, run.spread, moment.fast, moment.slow = means[5:10]
    swing.fast, swing.slow = means[10:]


def _tails(tails: Tails) -> tuple[float, ...]:
    return tails.total, tails.weight, *tails.tops


def _restore_arrays(memory: Memory, stored: memoryview) -> None:
    memory.seasons.visits = array("B", stored[:PLACES].tobytes())
    memory.seasons.means = _floats(stored[PLACES : 5 * PLACES])
    bins = stored[5 * PLACES :]
    room = 4 * BINS
    memory.tails.bins = [_floats(bins[at : at + room]) for at in range(0, len(bins), room)]


def _little(floats: "array[float]") -> bytes:
    return floats.tobytes() if byteorder == "little" else _swapped(floats).tobytes()


def _floats(stored: memoryview) -> "array[float]":
    floats = array("f", stored.tobytes())
    return floats if byteorder == "little" else _swapped(floats)


def _swapped(floats: "array[float]") -> "array[float]":
    copy = array("f", floats)
    copy.byteswap()
    return copy
