"""Holds a frame against what the events say, with what its warnings allow and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.catalogue import EventType
from domain.questions import Columns, Frame, GroupKey, MeasureKey, Read
from tests.histories import Event
from tests.reference import agrees, attribute, expect
from tests.world import World

_QUARTER = timedelta(minutes=15)
_ADDITIVE = ("count", "error_count", "n")
_RANKED = ("count", "error_count", "users", "n", "sum", "min", "max")
_PARTIAL = {"GROUPS_FOLDED", "RAW_INCOMPLETE", "ROLLUPS_INCOMPLETE"}
_CODES = {*_PARTIAL, "EDGE_ROUNDED", "MIXED_CURRENCIES"}


def check(world: World, read: Read, frame: Frame) -> None:
    """Raise AssertionError where the frame says anything that it should not."""
    codes = {each.code for each in frame.warnings}
    assert codes <= _CODES
    assert codes.isdisjoint({"RAW_INCOMPLETE", "EDGE_ROUNDED"}) or world.raw_from(read.event_type)
    if "EDGE_ROUNDED" in codes:
        read = replace(read, edges=rounded(read.edges, world.raw_from(read.event_type)))
    kind = world.catalogue.types[read.event_type]
    known = list(world.known.values())
    if codes & _PARTIAL:
        _check_partial(world, kind, read, frame, codes)
    else:
        _check_whole(known, kind, read, frame)
        assert ("MIXED_CURRENCIES" in codes) == _is_mixed(known, kind, read, frame)


def rounded(edges: tuple[datetime, ...], raw_from: datetime | None) -> tuple[datetime, ...]:
    """Where raw events are gone: the first edge back to its quarter of an hour, the others on to the next."""
    assert raw_from is not None
    last_gone = raw_from - (raw_from - datetime(1970, 1, 1, tzinfo=UTC)) % _QUARTER

    def moved(at: datetime, *, back: bool) -> datetime:
        inside = (at - datetime(1970, 1, 1, tzinfo=UTC)) % _QUARTER
        if not inside or at - inside > last_gone:
            return at
        return at - inside + (timedelta() if back else _QUARTER)

    return (moved(edges[0], back=True), *(moved(each, back=False) for each in edges[1:]))


def _check_whole(known: list[Event], kind: EventType, read: Read, frame: Frame) -> None:
    expected = expect(known, kind, read)
    assert frame.total_groups == len(expected)
    for key, columns in frame.groups.items():
        assert set(columns.values) == set(read.measures)
        for measure in read.measures:
            _check_column(measure, expected[key].values[measure], columns, (read, key))
    left = expected.keys() - frame.groups.keys()
    if read.top is None:
        assert not left
        assert list(frame.groups) == sorted(frame.groups, key=_order)
    else:
        assert len(frame.groups) == min(read.top.n, len(expected))
        _check_ranks(known, kind, read, frame)
    assert (frame.other is not None) == bool(left)
    if frame.other is not None:
        rest = [each for each in known if _key(each, kind, read) in left]
        total = expect(rest, kind, replace(read, group_by=(), top=None))[()]
        for measure in read.measures:
            _check_column(measure, total.values[measure], frame.other, (read, "other"))


def _check_column(measure: MeasureKey, expected: list[Any], columns: Columns, where: Any) -> None:
    found = columns.values[measure]
    bounds = columns.estimates.get(measure) or [None] * len(found)
    for slot, (wanted, got, bound) in enumerate(zip(expected, found, bounds, strict=True)):
        assert agrees(measure, wanted, got, bound), (measure, slot, wanted, got, bound, where)


def _check_ranks(known: list[Event], kind: EventType, read: Read, frame: Frame) -> None:
    """The groups shown are those with the most or least, in that order, ties by key and unknown last."""
    assert read.top is not None
    by = read.top.by
    if by.kind not in _RANKED:
        return
    asked = replace(read, measures=frozenset({by}), top=None)
    sign = -1 if read.top.descending else 1
    ranks = {
        key: (values is None, 0 if values is None else sign * values, _order(key))
        for key, each in expect(known, kind, asked).items()
        for values in each.values[by]
    }
    assert list(frame.groups) == sorted(ranks, key=ranks.__getitem__)[: read.top.n]


def _check_partial(
    world: World, kind: EventType, read: Read, frame: Frame, codes: set[str]
) -> None:
    """Nothing is counted that is not there; what is folded is in other; what is raw is all counted."""
    everything = expect(world.known.values(), kind, read)
    assert frame.groups.keys() <= everything.keys()
    for measure in read.measures:
        if measure.kind not in _ADDITIVE:
            continue
        for key, columns in frame.groups.items():
            limits = everything[key].values[measure]
            for got, most in zip(columns.values[measure], limits, strict=True):
                assert isinstance(got, int) and got <= most, (read, key, measure, got, most)
        if codes & _PARTIAL == {"GROUPS_FOLDED"} and read.filter is None:
            total = expect(world.known.values(), kind, replace(read, group_by=(), top=None))[()]
            assert _total(frame, measure) == sum(total.values[measure]), (read, measure)
        else:
            assert _total(frame, measure) >= _total_kept(world, kind, read, measure)


def _total(frame: Frame, measure: MeasureKey) -> int:
    columns = [*frame.groups.values(), *([frame.other] if frame.other else [])]
    return sum(int(each or 0) for found in columns for each in found.values[measure])


def _total_kept(world: World, kind: EventType, read: Read, measure: MeasureKey) -> int:
    """What the events that are still there raw add up to."""
    asked = replace(read, group_by=(), top=None)
    return int(sum(expect(world.kept(), kind, asked)[()].values[measure]))


def _is_mixed(known: list[Event], kind: EventType, read: Read, frame: Frame) -> bool:
    """Whether a shown amount is of several currencies, and so cannot be one number."""
    amounts = [
        measure
        for measure in read.measures
        if measure.of and kind.measures[measure.of].money and measure.kind != "n"
    ]
    if not amounts:
        return False
    shown = set(frame.groups)
    mixed = False
    for rest, keys in ((False, shown), (True, None)):
        chosen = [each for each in known if (_key(each, kind, read) in shown) != rest]
        asked = replace(
            read,
            top=None,
            group_by=read.group_by if keys is not None else (),
            measures=frozenset(
                each for amount in amounts for each in (amount, replace(amount, kind="n", q=None))
            ),
        )
        for each in expect(chosen, kind, asked).values():
            for amount in amounts:
                counts = each.values[replace(amount, kind="n", q=None)]
                mixed |= any(
                    n and v is None for n, v in zip(counts, each.values[amount], strict=True)
                )
    return mixed


def _key(event: Event, kind: EventType, read: Read) -> GroupKey:
    return tuple(attribute(event, kind, name) for name in read.group_by)


def _order(key: GroupKey) -> Any:
    return tuple((part is None, part or "") for part in key)
