"""How many distinct users: exact while few, then HyperLogLog within 2 % at 95 % confidence.

Entries are 64-bit hashes. A raw chunk lists hashes, exact up to `LIST_LIMIT` of them; beyond that
a dense chunk holds 2^14 registers of one byte each. The estimator is Ertl's improved one ("New cardinality
estimation algorithms for HyperLogLog sketches", 2017, algorithm 6): no bias tables, any size of set.
"""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from domain.chunks import DENSE, RAW, chunk, payloads
from domain.questions import Estimate

PRECISION = 14
REGISTERS = 1 << PRECISION
LIST_LIMIT = REGISTERS // 8
STANDARD_ERROR = 1.04 / math.sqrt(REGISTERS)

_TAIL_BITS = 64 - PRECISION
_TAIL_MASK = np.uint64((1 << _TAIL_BITS) - 1)
_Z95 = 1.96

_OF_ONE = 2.0 ** -np.arange(256)
_OF_TWO = np.add.outer(_OF_ONE, _OF_ONE).ravel()
"""2^-rank of a register, and the sum of it over a pair of them read as one number of 16 bits."""

Hashes = NDArray[np.uint64]
Registers = NDArray[np.uint8]


def of_hashes(hashes: Hashes) -> bytes:
    """The smallest sketch of these hashes."""
    distinct = np.unique(hashes)
    if len(distinct) <= LIST_LIMIT:
        return chunk(RAW, distinct.astype(">u8").tobytes())
    return chunk(DENSE, _registers(distinct).tobytes())


def compact(sketch: bytes) -> bytes:
    """The same set in the least room."""
    hashes, registers = _parts([sketch])
    if registers is None:
        return of_hashes(hashes)
    return chunk(DENSE, np.maximum(registers, _registers(hashes)).tobytes())


def count(sketches: Iterable[bytes]) -> Estimate:
    """How many distinct users the union of these sketches holds; exact where none has become registers."""
    hashes, registers = _parts(sketches)
    if registers is None:
        exact = float(len(np.unique(hashes)))
        return Estimate(exact, exact, exact, exact=True)
    value = _estimate(np.maximum(registers, _registers(hashes)) if len(hashes) else registers)
    margin = _Z95 * STANDARD_ERROR * value
    return Estimate(float(round(value)), value - margin, value + margin, exact=False)


def _parts(sketches: Iterable[bytes]) -> tuple[Hashes, Registers | None]:
    lists, dense = payloads(sketches)
    registers: Registers | None = None
    for payload in dense:
        held = np.frombuffer(payload, dtype=np.uint8)
        registers = held.copy() if registers is None else np.maximum(registers, held, out=registers)
    return np.frombuffer(b"".join(lists), dtype=">u8").astype(np.uint64), registers


def _registers(hashes: Hashes) -> Registers:
    """Each holds the highest rank (1-based position of the first one bit of the tail) it has seen."""
    registers = np.zeros(REGISTERS, np.uint8)
    tail = hashes & _TAIL_MASK
    bit_length = np.frexp(tail.astype(np.float64))[1]
    rank = (_TAIL_BITS - bit_length + 1).astype(np.uint8)
    np.maximum.at(registers, (hashes >> np.uint64(_TAIL_BITS)).astype(np.int64), rank)
    return registers


def _estimate(registers: Registers) -> float:
    """Ertl's improved raw estimate.

    His sum over the histogram is the sum of 2^-rank over the registers, looked up for two of them at a time.
    """
    empty = REGISTERS - int(np.count_nonzero(registers))
    full = int(np.count_nonzero(registers == _TAIL_BITS + 1)) if registers.max() > _TAIL_BITS else 0
    z = float(_OF_TWO.take(registers.view(np.uint16)).sum()) - empty
    z += (REGISTERS * _tau(1 - full / REGISTERS) - full / 2) * 2.0**-_TAIL_BITS
    z += REGISTERS * _sigma(empty / REGISTERS)
    return REGISTERS * REGISTERS / (2 * math.log(2) * z)


def _sigma(x: float) -> float:
    if x == 1:
        return math.inf
    y, z, before = 1.0, x, -1.0
    while z != before:
        x *= x
        before = z
        z += x * y
        y += y
    return z


def _tau(x: float) -> float:
    if x in (0.0, 1.0):
        return 0.0
    y, z, before = 1.0, 1 - x, -1.0
    while z != before:
        x = math.sqrt(x)
        before = z
        y *= 0.5
        z -= (1 - x) ** 2 * y
    return z / 3
