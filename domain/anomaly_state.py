"""What a detector remembers of one series: the points themselves, and means of 6 and of 12 of them.

Slow troubles that hardly show from point to point show in the means, and short ones the other way round.
A state is that memory as 8.3 kB of bytes. The two coarse scales stay packed until a mean is complete, so
that a single step costs little.
"""

from collections.abc import Sequence
from struct import Struct
from typing import NewType

from domain.anomaly_alarms import Alarms
from domain.measures import BAND, Measures
from domain.measures_bytes import SIZE, packed, unpacked
from domain.seasonality import Places

State = NewType("State", bytes)
"""A memory packed: opaque, and read by its own version only."""

BLOCKS = (6, 12)

_MARK = b"A1"
_HEAD = Struct("<2s3I2d")
_BLOCK = Struct(f"<Id{BAND}d")
_TOTAL = _HEAD.size + SIZE + len(BLOCKS) * (_BLOCK.size + SIZE)


class Block:
    """A coarse scale: a mean under way, and the surprises of the last complete one."""

    __slots__ = ("count", "measures", "parts", "stored", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.parts: Sequence[float] = (0.0,) * BAND
        self.measures: Measures | None = Measures()
        self.stored = b""

    def take_in(self, place: Places, value: float, length: int) -> None:
        """Add a point; the last of `length` completes the mean, which is then judged."""
        self.count += 1
        self.total += value
        if self.count < length:
            return
        if self.measures is None:
            self.measures = unpacked(self.stored)
        self.parts = self.measures.take_in(place, self.total / self.count)
        self.count, self.total = 0, 0.0

    def packed(self) -> bytes:
        """The block as bytes, repacked only if it was opened."""
        head = _BLOCK.pack(self.count, self.total, *self.parts)
        return head + (self.stored if self.measures is None else packed(self.measures))

    @classmethod
    def unpacked(cls, stored: bytes) -> "Block":
        """The block of such bytes, its measures still packed."""
        block = cls.__new__(cls)
        block.count, block.total, *parts = _BLOCK.unpack_from(stored)
        block.parts = parts
        block.measures = None
        block.stored = stored[_BLOCK.size :]
        return block


class Memory:
    """Everything that changes from point to point."""

    __slots__ = ("alarms", "blocks", "fine", "points")

    def __init__(self) -> None:
        self.points = 0
        self.alarms = Alarms(0, 0, 0.0, 0.0)
        self.fine = Measures()
        self.blocks = [Block() for _ in BLOCKS]

    def take_in(self, place: Places, value: float) -> list[Sequence[float]]:
        """The surprises at every scale, the finest first."""
        self.points += 1
        parts: list[Sequence[float]] = [self.fine.take_in(place, value)]
        for block, length in zip(self.blocks, BLOCKS, strict=True):
            block.take_in(place, value, length)
            parts.append(block.parts)
        return parts


def pack(memory: Memory) -> State:
    """The memory as bytes; unpacked they continue exactly as it would have."""
    alarms = memory.alarms
    told = alarms.silence, alarms.calm, alarms.recent, alarms.peak
    head = _HEAD.pack(_MARK, memory.points, *told)
    blocks = (block.packed() for block in memory.blocks)
    return State(b"".join((head, packed(memory.fine), *blocks)))


def is_readable(state: bytes) -> bool:
    """Whether this version wrote it."""
    return len(state) == _TOTAL and state.startswith(_MARK)


def unpack(state: State) -> Memory:
    """The memory of a state; ValueError where it is of another version."""
    if not is_readable(state):
        raise ValueError(f"Not a detector state of version {_MARK.decode()}, {_TOTAL} bytes.")
    memory = Memory.__new__(Memory)
    _, memory.points, *alarms = _HEAD.unpack_from(state)
    memory.alarms = Alarms(*alarms)
    fine_ends = _HEAD.size + SIZE
    memory.fine = unpacked(state[_HEAD.size : fine_ends])
    room = _BLOCK.size + SIZE
    memory.blocks = [Block.unpacked(state[at : at + room]) for at in range(fine_ends, _TOTAL, room)]
    return memory
