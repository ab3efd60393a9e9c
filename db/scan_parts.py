"""What a scan adds up, as SQL: of rollup rows, of raw events, of both together, and packed for the answer.

Columns are called by the part and the scan's number: n_3 counts, total_3 is a sum.
"""

from collections.abc import Iterable, Iterator, Mapping

from db.expressions import IS_ERROR, measure_of_event, users_sketch, values_sketch
from db.rollup_columns import place, whole_sketch
from domain.catalogue import EventType
from domain.plan import RollupSet, Scan, ScanPart

Scans = Iterable[tuple[int, Scan]]
"""Scans with their numbers."""

_EXACT: Mapping[ScanPart, str] = {"total": "sum", "low": "min", "high": "max"}
"""The exact parts of a measure, and what adds them up; columns of the rollups are called by that."""


def packed(number: int, scan: Scan) -> str:
    """The columns of a group: counts and errors as bytes, exact parts as text, sketches as they are."""
    return _packed(number, scan, as_bytes="string_agg({}, '')", as_array="array_agg({})")


def packed_alone(number: int, scan: Scan) -> str:
    """The same columns of a group that is a single row."""
    return _packed(number, scan, as_bytes="{}", as_array="ARRAY[{}]")


def _packed(number: int, scan: Scan, *, as_bytes: str, as_array: str) -> str:
    def counted(name: str) -> str:
        return as_bytes.format(f"int8send({name}_{number})")

    errors = counted("errors") if "errors" in scan.parts else "NULL::bytea"
    exact = (
        as_array.format(f"{part}_{number}::text") if part in scan.parts else "NULL::text[]"
        for part in _EXACT
    )
    sketches = as_array.format(f"sketch_{number}") if scan.sketch else "NULL::bytea[]"
    return f"{counted('n')}, {errors}, {', '.join(exact)}, {sketches}"


def added(scans: Scans) -> Iterator[str]:
    """The parts of several sources together."""
    for number, scan in scans:
        yield f"coalesce(sum(n_{number}), 0)::bigint AS n_{number}"
        if "errors" in scan.parts:
            yield f"sum(errors_{number})::bigint AS errors_{number}"
        for part, add in _EXACT.items():
            if part in scan.parts:
                yield f"{add}({part}_{number}) AS {part}_{number}"
        if scan.sketch:
            yield f"string_agg(sketch_{number}, ''::bytea) AS sketch_{number}"


def row_parts(scans: Scans, rollup: RollupSet) -> Iterator[str]:
    """The parts of a rollup row `r`."""
    for number, scan in scans:
        if scan.of is None:
            yield f"r.count AS n_{number}"
            if "errors" in scan.parts:
                yield f"r.error_count AS errors_{number}"
            if scan.sketch:
                yield f"{whole_sketch('users')} AS sketch_{number}"
            continue
        part, slot = place(rollup.measures.index(scan.of))
        names = [("n", "n"), *((_EXACT[name], name) for name in _EXACT if name in scan.parts)]
        for column, name in names:
            yield f"CASE WHEN r.part = {part} THEN r.{column}{slot} END AS {name}_{number}"
        if scan.sketch:
            histogram = whole_sketch(f"histogram{slot}")
            yield f"CASE WHEN r.part = {part} THEN {histogram} END AS sketch_{number}"


def event_parts(scans: Scans, event_type: EventType) -> Iterator[str]:
    """The parts of a group of raw events `e`."""
    for number, scan in scans:
        if scan.of is None:
            yield f"count(*) AS n_{number}"
            if "errors" in scan.parts:
                yield f"count(*) FILTER (WHERE {IS_ERROR}) AS errors_{number}"
            if scan.sketch:
                yield f"{users_sketch()} AS sketch_{number}"
            continue
        value = measure_of_event(event_type.measure(scan.of))
        yield f"count({value}) AS n_{number}"
        for part, add in _EXACT.items():
            if part in scan.parts:
                yield f"{add}({value}) AS {part}_{number}"
        if scan.sketch:
            yield f"{values_sketch(value)} AS sketch_{number}"
