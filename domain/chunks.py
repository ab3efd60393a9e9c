"""Sketches as bytes that merge by concatenation.

A sketch is a run of chunks: one tag byte, the payload's length as four big-endian bytes, the payload.
Appending one sketch to another is their merge, so SQL can merge them; compaction only saves room.
The empty string is the sketch of nothing.
"""

from collections.abc import Iterator
from struct import Struct

_HEAD = Struct(">BI")

RAW = 0
"""Tag of a list of raw entries, eight big-endian bytes each, as `int8send` and `float8send` write them."""

DENSE = 1
"""Tag of a sketch's own summary."""


def chunk(tag: int, payload: bytes) -> bytes:
    """One chunk; nothing for an empty payload."""
    return _HEAD.pack(tag, len(payload)) + payload if payload else b""


def chunks(sketch: bytes) -> Iterator[tuple[int, memoryview]]:
    """The chunks of a sketch, in order, without copying."""
    view = memoryview(sketch)
    at = 0
    while at < len(view):
        tag, length = _HEAD.unpack_from(view, at)
        at += _HEAD.size
        yield tag, view[at : at + length]
        at += length
