"""Gzip undone piece by piece, within bounds: a bomb is refused before it unfolds."""

import zlib
from collections.abc import Iterator

from domain.errors import InvalidInput, OverLimit

_PIECE = 64 * 1024
_GZIP = zlib.MAX_WBITS | 16
FREE_BYTES = 1024 * 1024
"""Unfolded bytes from which on the ratio counts."""


class Gunzip:
    """Unfolds one body of one or more gzip members.

    `limit`: most unfolded bytes; `ratio`: most unfolded bytes for each compressed one.
    """

    def __init__(self, *, limit: int, ratio: int = 200) -> None:
        self._limit = limit
        self._ratio = ratio
        self._read = 0
        self._unfolded = 0
        self._member = zlib.decompressobj(_GZIP)

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """What the chunk unfolds to, in pieces of at most 64 KiB. Raises OverLimit, InvalidInput."""
        rest, piece = chunk, b""
        while rest or len(piece) == _PIECE:
            if rest and self._member.eof:
                self._member = zlib.decompressobj(_GZIP)
            piece = self._decompress(rest)
            left = self._member.unconsumed_tail or self._member.unused_data
            self._account(len(rest) - len(left), len(piece))
            yield piece
            rest = left

    def finish(self) -> None:
        """Raise InvalidInput where the body ended in the middle."""
        if not self._member.eof:
            raise _malformed("cut off before the end of its gzip stream")

    def _decompress(self, rest: bytes) -> bytes:
        try:
            return self._member.decompress(rest, _PIECE)
        except zlib.error as problem:
            raise _malformed(f"not valid gzip ({problem})") from None

    def _account(self, read: int, unfolded: int) -> None:
        self._read += read
        self._unfolded += unfolded
        if self._unfolded > self._limit:
            raise too_large(self._limit)
        if self._unfolded > FREE_BYTES and self._unfolded > self._read * self._ratio:
            raise OverLimit(
                f"The body unfolds to more than {self._ratio} times its size.",
                code="GZIP_RATIO",
                limit=self._ratio,
            )


def too_large(limit: int) -> OverLimit:
    """For a body that is over the limit, compressed or not."""
    return OverLimit(
        f"The body is too large: at most {limit:,} bytes are taken, unfolded.",
        code="BODY_TOO_LARGE",
        limit=limit,
    )


def _malformed(what: str) -> InvalidInput:
    return InvalidInput(f"The body is {what}.", code="MALFORMED_GZIP")
