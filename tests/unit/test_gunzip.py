import gzip
import os
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gunzip import FREE_BYTES, Gunzip
from domain.errors import InvalidInput, OverLimit

LIMIT = 8 * 1024 * 1024


def unfolded(body: bytes, step: int = 1000, limit: int = LIMIT) -> bytes:
    gunzip = Gunzip(limit=limit)
    pieces = [
        piece
        for start in range(0, len(body), step)
        for piece in gunzip.feed(body[start : start + step])
    ]
    gunzip.finish()
    return b"".join(pieces)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=3), st.integers(1, 50))
def test_members_unfold_to_what_they_were_whatever_the_chunks(
    members: list[bytes], step: int
) -> None:
    body = b"".join(gzip.compress(each) for each in members)
    assert unfolded(body, step) == b"".join(members)


def test_a_body_that_unfolds_to_whole_pieces_is_whole() -> None:
    text = os.urandom(1024) * 192
    assert unfolded(gzip.compress(text), step=7) == text


def test_a_bomb_is_refused_long_before_its_end() -> None:
    bomb = gzip.compress(b"a" * (64 * 1024 * 1024))
    gunzip = Gunzip(limit=LIMIT)
    seen = 0
    with pytest.raises(OverLimit):
        for piece in gunzip.feed(bomb):
            seen += len(piece)
            assert len(piece) <= 64 * 1024
    assert seen <= FREE_BYTES


def test_a_body_over_the_limit_is_refused() -> None:
    with pytest.raises(OverLimit, match="too large"):
        unfolded(gzip.compress(os.urandom(300_000)), limit=200_000)


@pytest.mark.parametrize(
    "body",
    [b"", b"not gzip", gzip.compress(b"x" * 100)[:-1], zlib.compress(b"x")],
    ids=["empty", "other", "cut", "zlib"],
)
def test_what_is_no_whole_gzip_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        unfolded(body)
    assert caught.value.code == "MALFORMED_GZIP"
