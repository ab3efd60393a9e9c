"""Sketches as bytes that merge by concatenation.

A sketch is a run of chunks: one tag byte, the payload's length as four big-endian bytes, the payload.
Appending one sketch to another is their merge, so SQL can merge them; compaction only saves room.
The empty string is the sketch of nothing.
"""

from collections.abc import Iterable
from struct import Struct

_HEAD = Struct(">BI")
_HEAD_BYTES = _HEAD.size
_head_at = _HEAD.unpack_from

RAW = 0
"""Tag of a list of raw entries, eight big-endian bytes each, as `int8send` and `float8send` write them."""

DENSE = 1
"""Tag of a sketch's own summary."""


def chunk(tag: int, payload: bytes) -> bytes:
    """One chunk; nothing for an empty payload."""
    return _HEAD.pack(tag, len(payload)) + payload if payload else b""


def payloads(sketches: Iterable[bytes]) -> tuple[list[bytes], list[bytes]]:
    """What the chunks of sketches hold: the raw ones, and the dense ones."""
    raw: list[bytes] = []
    dense: list[bytes] = []
    for sketch in sketches:
        at, end = 0, len(sketch)
        while at < end:
            tag, length = _head_at(sketch, at)
            start = at + _HEAD_BYTES
            at = start + length
            if tag == RAW:
                raw.append(sketch[start:at])
            else:
                dense.append(sketch[start:at])
    return raw, dense
