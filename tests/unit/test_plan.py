"""Which set, which grains, which raw events answer a question, and what its reader is warned of."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue import ALL_EVENTS, Catalogue
from domain.errors import InvalidInput, UnknownName
from domain.gaps import BEGINNING, rounded
from domain.grains import BASE, Grain, instants, micros
from domain.plan import Plan, RollupSet, RollupState, Scan, plan
from domain.questions import COUNT, ERRORS, USERS, Filter, MeasureKey, Read, Top
from tests.histories import CATALOGUE
from tests.judge import rounded as rounded_naively

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
WEIGHT = MeasureKey("sum", "weight")
PRICE = MeasureKey("sum", "price")


def at(moment: datetime) -> int:
    return int(micros([moment])[0])


def sets(catalogue: Catalogue = CATALOGUE) -> tuple[RollupSet, ...]:
    """Every declared set, complete since ever."""
    declared = (
        (kind, dimensions) for kind in catalogue.types.values() for dimensions in kind.rollups
    )
    return tuple(
        RollupSet(
            number,
            kind.name,
            dimensions,
            tuple(sorted(kind.measures)),
            BEGINNING,
            (BEGINNING,) * len(kind.measures),
        )
        for number, (kind, dimensions) in enumerate(declared)
    )


STATE = RollupState(1, sets(), {})


def question(*measures: MeasureKey, kind: str = "parcel", by: Sequence[str] = ()) -> Read:
    edges = (NOON, NOON + timedelta(days=1))
    return Read(kind, edges, frozenset(measures or (COUNT,)), tuple(by))


def planned(read: Read, state: RollupState = STATE) -> Plan:
    return plan(0, read, CATALOGUE, state)


def only(read: Read, state: RollupState = STATE) -> Scan:
    (scan,) = planned(read, state).scans
    return scan


def dimensions(scan: Scan) -> tuple[str, ...] | None:
    return scan.rollup.dimensions if scan.rollup else None


def codes(found: Plan) -> list[str]:
    return [each.code for each in found.warnings]


def with_gap(event_type: str, raw_from: datetime) -> RollupState:
    return replace(STATE, raw_from={event_type: at(raw_from)})


@pytest.mark.parametrize(
    ("by", "filtered", "expected"),
    [
        ((), None, ()),
        (("carrier",), None, ("carrier", "currency")),
        (("zone",), "carrier", ("carrier", "currency", "zone")),
        (("currency",), None, ("currency",)),
        (("fragile", "zone"), None, None),
    ],
)
def test_the_smallest_set_that_holds_every_dimension_answers(
    by: tuple[str, ...], filtered: str | None, expected: tuple[str, ...] | None
) -> None:
    only_a = Filter(filtered, ("a",)) if filtered else None
    assert dimensions(only(replace(question(by=by), filter=only_a))) == expected


def test_amounts_are_read_by_currency_and_other_numbers_are_not() -> None:
    scans = {scan.of: scan for scan in planned(question(PRICE, WEIGHT)).scans}
    assert (scans["price"].group_by, scans["price"].by_currency) == (("currency",), True)
    assert (scans["weight"].group_by, scans["weight"].by_currency) == ((), False)


def test_groups_are_known_by_their_counts_also_where_those_are_not_asked_for() -> None:
    assert [scan.of for scan in planned(question(WEIGHT)).scans] == ["weight"]
    assert [scan.of for scan in planned(question(WEIGHT, by=["zone"])).scans] == [None, "weight"]


def test_what_groups_are_ordered_by_is_read_as_well() -> None:
    read = replace(question(COUNT, by=["zone"]), top=Top(3, MeasureKey("quantile", "weight", 0.5)))
    assert [(scan.of, scan.sketch) for scan in planned(read).scans] == [
        (None, False),
        ("weight", True),
    ]


def test_sketches_are_read_only_where_they_are_needed() -> None:
    assert not only(question(COUNT, ERRORS)).sketch
    assert only(question(USERS)).sketch


def test_unknown_names_list_what_is_valid() -> None:
    with pytest.raises(UnknownName):
        planned(question(by=["colour"]))
    with pytest.raises(UnknownName):
        planned(replace(question(), filter=Filter(negated=Filter("colour", ("red",)))))
    with pytest.raises(UnknownName):
        planned(question(kind="letter"))


def test_a_question_that_no_set_answers_reads_raw_events() -> None:
    read = question(by=["fragile", "zone"])
    scan = only(read)
    assert (instants(scan.raw.starts), instants(scan.raw.ends)) == ([NOON], [read.edges[-1]])
    assert not scan.segments
    assert codes(planned(read, with_gap("parcel", NOON))) == []
    assert codes(planned(read, with_gap("parcel", NOON + timedelta(hours=1)))) == ["RAW_INCOMPLETE"]
    with pytest.raises(InvalidInput) as refused:
        planned(read, with_gap("parcel", read.edges[-1]))
    assert refused.value.code == "NOT_ROLLED_UP"
    assert ["carrier", "currency", "zone"] in refused.value.details["valid"]  # type: ignore[operator]


def test_raw_events_of_all_types_are_as_complete_as_the_least() -> None:
    state = replace(STATE, raw_from={"a": 1, "b": 5})
    assert state.raw_complete_from(ALL_EVENTS) == 5
    assert state.raw_complete_from("a") == 1
    assert state.raw_complete_from("c") == STATE.raw_complete_from(ALL_EVENTS) == BEGINNING


def test_a_set_that_is_not_complete_gives_way_to_one_that_is() -> None:
    later = tuple(
        replace(each, complete_from=at(NOON + timedelta(hours=1)))
        if each.dimensions == ("carrier", "currency")
        else each
        for each in STATE.sets
    )
    found = only(question(by=["carrier"]), replace(STATE, sets=later))
    assert dimensions(found) == ("carrier", "currency", "zone")


def test_a_measure_that_came_later_is_read_raw_while_raw_events_reach_further() -> None:
    declared = at(NOON + timedelta(hours=6))
    state = replace(
        STATE,
        sets=tuple(
            replace(
                each,
                measures_from=tuple(
                    declared if name == "weight" else BEGINNING for name in each.measures
                ),
            )
            for each in STATE.sets
        ),
    )
    read = question(WEIGHT)
    assert dimensions(only(read, state)) is None
    assert codes(planned(read, state)) == []
    gone = replace(state, raw_from={"parcel": declared})
    assert dimensions(only(read, gone)) == ()
    assert codes(planned(read, gone)) == ["ROLLUPS_INCOMPLETE"]
    assert codes(planned(question(COUNT), gone)) == []
    with pytest.raises(InvalidInput, match="with weight is not rolled up"):
        planned(replace(read, edges=(NOON, NOON + timedelta(hours=1))), gone)


def test_edges_are_rounded_only_where_raw_events_are_gone() -> None:
    edges = tuple(NOON + timedelta(minutes=minute) for minute in (3, 20, 50, 1_000))
    read = replace(question(), edges=edges)
    found = planned(read, with_gap("parcel", NOON + timedelta(minutes=30)))
    minutes = [(each - NOON) / timedelta(minutes=1) for each in instants(found.edges)]
    assert minutes == [0, 30, 50, 1_000]
    assert codes(found) == ["EDGE_ROUNDED"]
    assert codes(planned(read, with_gap("probe", NOON + timedelta(days=3)))) == []
    assert codes(planned(read, with_gap("parcel", NOON))) == []


@given(st.sets(st.integers(0, 200), min_size=2, max_size=8), st.integers(-10, 210))
def test_rounded_edges_keep_their_order_and_are_what_a_reader_would_round(
    minutes: set[int], gone: int
) -> None:
    edges = tuple(NOON + timedelta(minutes=minute) for minute in sorted(minutes))
    raw_from = NOON + timedelta(minutes=gone, microseconds=1)
    found = instants(rounded(micros(edges), at(raw_from)))
    assert found == sorted(found)
    assert tuple(found) == rounded_naively(edges, raw_from - timedelta(microseconds=1))


def test_a_week_across_a_dropped_month_is_read_by_finer_buckets() -> None:
    monday = datetime(2026, 3, 30, tzinfo=UTC)
    april = datetime(2026, 4, 1, tzinfo=UTC)
    read = replace(question(), edges=(monday, monday + timedelta(days=14)))
    sealed = {grain: at(NOON + timedelta(days=99)) for grain in Grain if grain is not BASE}
    state = replace(STATE, sealed=sealed)
    assert set(only(read, state).segments) == {Grain.WEEK}
    dropped = replace(state, dropped=((at(datetime(2026, 3, 1, tzinfo=UTC)), at(april)),))
    scan = only(read, dropped)
    assert instants(scan.segments[Grain.WEEK].starts) == [monday + timedelta(days=7)]
    assert codes(planned(read, dropped)) == ["ROLLUPS_DROPPED"]
    assert codes(planned(replace(read, edges=(april, monday + timedelta(days=14))), dropped)) == []
