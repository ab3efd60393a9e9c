"""From the rows of a plan's scans to the answer: groups, columns, the rest, and what to be warned of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.columns import Rows, ScanRow, column
from domain.plan import CURRENCY, Plan, Scan
from domain.questions import (
    COUNT,
    USERS,
    Columns,
    Estimate,
    Frame,
    GroupKey,
    MeasureKey,
    Top,
    Value,
    Warning,
)
from domain.small_groups import large_enough

_Groups = dict[GroupKey, Rows]
_OVERFLOW: GroupKey = ("",) * 5
"""Stands for the overflow row among groups; no real key has five parts."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """One plan and its rows by scan and group."""

    plan: Plan
    by_of: Mapping[str | None, _Groups]

    def columns(self, keys: Iterable[GroupKey], found: dict[str, Warning]) -> Columns:
        """One column per asked measure, over the rows of all `keys` together."""
        chosen = tuple(keys)
        values: dict[MeasureKey, list[Value]] = {}
        estimates: dict[MeasureKey, list[Estimate | None]] = {}
        for measure in self.plan.read.measures:
            groups = self.by_of.get(measure.of, {})
            rows = [row for key in chosen for row in groups.get(key, ())]
            built = column(measure, rows, len(self.plan.edges) - 1)
            values[measure] = built.values
            if built.estimates is not None:
                estimates[measure] = built.estimates
            if built.currencies:
                found["MIXED_CURRENCIES"] = _mixed(measure, built.currencies)
        return Columns(values, estimates)

    def size(self, keys: Iterable[GroupKey]) -> int:
        """The distinct users of some groups together; the events where none of them has a user."""
        groups = self.by_of.get(None, {})
        rows = [row for key in keys for row in groups.get(key, ())]
        users, events = (int(column(key, rows, 1).values[0] or 0) for key in (USERS, COUNT))
        return users or events


def assemble(
    plan: Plan, parts: Sequence[Sequence[ScanRow]], *, as_of: datetime, tail: bool
) -> Frame:
    """The answer to a plan. `parts` holds each scan's rows, in the order of `plan.scans`."""
    answer = _Answer(
        plan,
        {
            scan.of: _grouped(scan, rows, len(plan.read.group_by))
            for scan, rows in zip(plan.scans, parts, strict=True)
        },
    )
    found = {each.code: each for each in plan.warnings}
    keys = _keys(answer)
    overflow = any(_OVERFLOW in groups for groups in answer.by_of.values())
    if overflow:
        found["GROUPS_FOLDED"] = _folded(plan)
    shown = _top(answer, keys, plan.read.top) if plan.read.top else _sorted(keys)
    if plan.read.smallest > 1 and plan.read.group_by:
        shown = _large_enough(answer, keys, shown, found)
    left = set(keys).difference(shown) | ({_OVERFLOW} if overflow else set())
    return Frame(
        groups={key: answer.columns((key,), found) for key in shown},
        other=answer.columns(_sorted(left), found) if left else None,
        total_groups=len(keys),
        as_of=as_of,
        served_by=_served_by(plan, tail=tail),
        warnings=tuple(found.values()),
    )


def _grouped(scan: Scan, rows: Iterable[ScanRow], width: int) -> _Groups:
    """Rows by group key, of so many parts. Where amounts are kept apart, each row has its currency."""
    groups: _Groups = {}
    place = scan.group_by.index(CURRENCY) if scan.by_currency else None
    for row in rows:
        key = _OVERFLOW if row.overflow else row.key[:width]
        currency = None if place is None else row.key[place]
        groups.setdefault(key, []).append((currency, row))
    return groups


def _large_enough(
    answer: _Answer,
    keys: Sequence[GroupKey],
    shown: Sequence[GroupKey],
    found: dict[str, Warning],
) -> list[GroupKey]:
    held = set(shown)
    rest = [key for key in keys if key not in held]
    smallest = answer.plan.read.smallest
    kept = large_enough(shown, rest, answer.size, smallest)
    if len(kept) < len(shown):
        found["SMALL_GROUPS_FOLDED"] = _too_small(smallest)
    return kept


def _keys(answer: _Answer) -> list[GroupKey]:
    if not answer.plan.read.group_by:
        return [()]
    return [
        key
        for key in dict.fromkeys(key for groups in answer.by_of.values() for key in groups)
        if key != _OVERFLOW
    ]


def _sorted(keys: Iterable[GroupKey]) -> list[GroupKey]:
    return sorted(keys, key=lambda key: tuple((part is None, part or "") for part in key))


def _top(answer: _Answer, keys: Sequence[GroupKey], top: Top) -> list[GroupKey]:
    """The first `n` keys by the measure; groups without a value come last, ties by key."""
    ranked = []
    for key in _sorted(keys):
        rows = answer.by_of.get(top.by.of, {}).get(key, [])
        value = column(top.by, rows, 1).values[0]
        order = Decimal(0 if value is None else value)
        ranked.append((value is None, order.copy_negate() if top.descending else order, key))
    ranked.sort(key=lambda each: each[:2])
    return [key for *_, key in ranked[: top.n]]


def _served_by(plan: Plan, *, tail: bool) -> tuple[str, ...]:
    sources = {
        f"rollup:{grain.label}": int(grain) for scan in plan.scans for grain in scan.segments
    }
    named = sorted(sources, key=lambda name: -sources[name])
    if any(len(scan.raw) for scan in plan.scans):
        named.append("raw")
    return (*named, "tail") if tail else tuple(named)


def _mixed(measure: MeasureKey, currencies: frozenset[str]) -> Warning:
    return Warning(
        "MIXED_CURRENCIES",
        f"{measure.of} is in {', '.join(sorted(currencies))}, and amounts in different currencies"
        " are never added: filter by currency or group by it.",
    )


def _too_small(smallest: int) -> Warning:
    return Warning(
        "SMALL_GROUPS_FOLDED",
        f"Groups of fewer than {smallest} users are in other: your role sees no smaller ones.",
    )


def _folded(plan: Plan) -> Warning:
    return Warning(
        "GROUPS_FOLDED",
        f"Only the {plan.event_type.max_keys} largest groups of each bucket are kept apart; the rest is"
        " in other, so a small group may show less than it has.",
    )
