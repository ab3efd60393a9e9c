"""Covering a span by rollup buckets, held against a walk over it quarter-hour by quarter-hour."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.grains import (
    BASE,
    Grain,
    Segments,
    ceil,
    cover,
    floor,
    floor_datetime,
    instants,
    micros,
    micros_text,
)

EPOCH = datetime(2025, 12, 20, tzinfo=UTC)
MINUTES = 50 * 1_440
COARSE = tuple(grain for grain in Grain if grain is not BASE)


def moment(minute: int) -> datetime:
    return EPOCH + timedelta(minutes=minute)


@st.composite
def edge_lists(draw: st.DrawFn) -> list[datetime]:
    step = draw(st.sampled_from((1, 15, 60, 1_440)))
    found = draw(st.sets(st.integers(0, MINUTES // step), min_size=2, max_size=7))
    return [moment(each * step) for each in sorted(found)]


@st.composite
def sealings(draw: st.DrawFn) -> dict[Grain, int]:
    chosen = draw(st.sets(st.sampled_from(COARSE)))
    return {grain: int(micros([moment(draw(st.integers(-9_999, MINUTES)))])[0]) for grain in chosen}


def start_of(at: datetime, grain: Grain) -> datetime:
    """By the calendar."""
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        Grain.QUARTER_HOUR: at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0),
        Grain.HOUR: at.replace(minute=0, second=0, microsecond=0),
        Grain.DAY: day,
        Grain.WEEK: day - timedelta(days=day.weekday()),
        Grain.MONTH: day.replace(day=1),
    }[grain]


def end_of(start: datetime, grain: Grain) -> datetime:
    if grain is Grain.MONTH:
        return (start + timedelta(days=32)).replace(day=1)
    return start + timedelta(minutes=int(grain))


def walk(
    edges: list[datetime], sealed: Mapping[Grain, int]
) -> tuple[dict[datetime, Grain], list[tuple[datetime, datetime]]]:
    """The coarsest grain for each quarter-hour, and the ragged pieces, one instant after the other."""
    until = {grain: instants(np.array([at]))[0] for grain, at in sealed.items()}
    grains: dict[datetime, Grain] = {}
    ragged = []
    for low, high in pairwise(edges):
        at = low
        while at < high:
            fitting = [
                grain
                for grain in (*until, BASE)
                if start_of(at, grain) >= low
                and end_of(start_of(at, grain), grain) <= high
                and (grain is BASE or end_of(start_of(at, grain), grain) <= until[grain])
            ]
            end = min(end_of(start_of(at, BASE), BASE), high)
            if fitting:
                grains[at] = max(fitting)
            else:
                ragged.append((at, end))
            at = end
    return grains, ragged


def spans(segments: Segments) -> list[tuple[datetime, datetime]]:
    return list(zip(instants(segments.starts), instants(segments.ends), strict=True))


@settings(max_examples=50, deadline=None)
@given(edge_lists(), sealings())
def test_each_quarter_hour_is_read_from_the_coarsest_bucket_inside(
    edges: list[datetime], sealed: dict[Grain, int]
) -> None:
    segments, ragged = cover(micros(edges), sealed)
    expected, pieces = walk(edges, sealed)
    found = {}
    for grain, each in segments.items():
        for low, high in spans(each):
            assert start_of(low, grain) == low
            assert start_of(high, grain) == high
            for at in np.arange(*micros([low, high]), int(BASE) * 60_000_000):
                (instant,) = instants(np.array([at]))
                assert instant not in found, "covered twice"
                found[instant] = grain
    assert found == expected
    assert _joined(spans(ragged)) == _joined(pieces)


@given(edge_lists(), sealings())
def test_segments_are_disjoint_and_make_up_the_whole(
    edges: list[datetime], sealed: dict[Grain, int]
) -> None:
    segments, ragged = cover(micros(edges), sealed)
    pieces = sorted([span for each in (*segments.values(), ragged) for span in spans(each)])
    assert all(low < high for low, high in pieces)
    assert _joined(pieces) == [(edges[0], edges[-1])]
    assert all(before[1] <= after[0] for before, after in pairwise(pieces))


@given(st.integers(0, 250_000_000_000_000_000), st.sampled_from(Grain))
def test_floor_and_ceil_are_the_bucket_by_the_calendar(microsecond: int, grain: Grain) -> None:
    (at,) = instants(np.array([microsecond]))
    start = start_of(at, grain)
    assert floor_datetime(at, grain) == start
    (above,) = instants(ceil(micros([at]), grain))
    assert above == (at if at == start else end_of(start, grain))
    assert instants(floor(micros([start]), grain)) == [start]


def test_edges_at_one_instant_cover_nothing() -> None:
    segments, ragged = cover(micros([EPOCH, EPOCH, EPOCH + timedelta(hours=1)]), {})
    assert spans(segments[BASE]) == [(EPOCH, EPOCH + timedelta(hours=1))]
    assert not len(ragged)


def test_instants_are_shown_to_the_second() -> None:
    assert (
        micros_text(int(micros([datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)])[0]))
        == "2026-01-02T03:04:05Z"
    )
    assert micros_text(-(2**62)) == "never"


def _joined(pieces: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    for low, high in sorted(pieces):
        if found and found[-1][1] == low:
            found[-1] = (found[-1][0], high)
        else:
            found.append((low, high))
    return found
