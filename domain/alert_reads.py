"""What evaluations read, and how configs that watch the same events share it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.alert_configs import COUNTED, WEEK, Aggregate, AlertConfig, AlertMeasure, Baseline
from domain.alerts import AlertType
from domain.questions import COUNT, ERRORS, Columns, Filter, MeasureKey, Read, Value

ReadKey = tuple[str, tuple[datetime, ...], tuple[str, ...], Filter | None]


@dataclass(frozen=True, slots=True)
class Asked:
    """The reads of one evaluation, or of many in step; `baseline` belongs to RATE_OF_CHANGE alone."""

    current: Read
    baseline: Read | None

    @property
    def reads(self) -> tuple[Read, ...]:
        return (self.current,) if self.baseline is None else (self.current, self.baseline)


def asked(config: AlertConfig, edges: Sequence[datetime]) -> Asked:
    """The windows between `edges`, and for a rate of change those that they are compared to."""
    measure = config.measure
    current = Read(
        measure.event_type,
        tuple(edges),
        frozenset(measure.keys),
        measure.group_by,
        measure.filter,
    )
    if config.type is not AlertType.RATE_OF_CHANGE:
        return Asked(current, None)
    back = config.window if config.baseline is Baseline.PREVIOUS_WINDOW else WEEK
    return Asked(current, replace(current, edges=tuple(edge - back for edge in edges)))


def read_key(read: Read) -> ReadKey:
    """What reads must have in common to be one."""
    return (read.event_type, read.edges, read.group_by, read.filter)


def shared(reads: Iterable[Read]) -> dict[ReadKey, Read]:
    """Reads of the same windows, filter and groups as one read of all their measures."""
    found: dict[ReadKey, Read] = {}
    for read in reads:
        key = read_key(read)
        before = found.get(key)
        measures = read.measures if before is None else before.measures | read.measures
        found[key] = read if before is None else replace(before, measures=measures)
    return found


def value_at(measure: AlertMeasure, columns: Columns | None, row: int) -> float | None:
    """The measured number of one window; of a group without any events, `columns` is None."""
    if columns is None:
        return 0.0 if measure.aggregate in COUNTED else None
    if measure.aggregate in (Aggregate.ERROR_RATE, Aggregate.SUCCESS_RATE):
        return _rate(measure.aggregate, columns.values, row)
    value = columns.values[measure.keys[0]][row]
    return None if value is None else float(value)


def _rate(aggregate: Aggregate, values: Mapping[MeasureKey, list[Value]], row: int) -> float | None:
    count, errors = values[COUNT][row], values[ERRORS][row]
    if not count:
        return None
    rate = float(errors or 0) / float(count)
    return rate if aggregate is Aggregate.ERROR_RATE else 1.0 - rate
