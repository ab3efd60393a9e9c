"""Runs the tables of docs/time.md."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from domain.buckets import (
    DEFAULT_POINTS,
    MOST_POINTS,
    Granularity,
    bucket_edges,
    choose_granularity,
)
from domain.buckets import bucket_count as count
from domain.clock import Weekday
from domain.comparison import CompareAlignment, ComparePeriod, compared
from domain.fill import Fill, fill_column
from domain.questions import Interval
from domain.ranges import RangePreset, last, resolve

PAGE = (Path(__file__).parents[2] / "docs" / "time.md").read_text()
NOW = datetime(2026, 3, 11, 15, 30, 20, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")


def rows(mark: str) -> list[tuple[str, ...]]:
    """The cells of the table after a mark, without its head."""
    found = re.search(rf"<!-- {mark}.*?-->\n((?:\|.*\n)+)", PAGE)
    assert found is not None, mark
    lines = found[1].splitlines()[2:]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]


def local(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def interval(text: str, zone: str = "UTC") -> Interval:
    start, end = text.split(" to ")
    return Interval(local(start, zone), local(end, zone))


@pytest.mark.parametrize(("said", "zone", "start", "end"), rows("ranges"))
def test_ranges(said: str, zone: str, start: str, end: str) -> None:
    spec = RangePreset[said] if said in RangePreset.__members__ else last(said)
    found = resolve(spec, NOW, ZoneInfo(zone))
    assert found == Interval(local(start, zone), local(end, zone))


def test_every_preset_is_shown() -> None:
    assert RangePreset.__members__.keys() <= {row[0] for row in rows("ranges")}


@pytest.mark.parametrize(("zone", "span", "granularity", "starts", "hours"), rows("buckets"))
def test_buckets(zone: str, span: str, granularity: str, starts: str, hours: str) -> None:
    edges = bucket_edges(interval(span, zone), Granularity[granularity], ZoneInfo(zone))
    shown = [edge.astimezone(ZoneInfo(zone)).strftime("%d %H:%M") for edge in edges[:-1]]
    lengths = [(end - start) / timedelta(hours=1) for start, end in pairwise(edges)]
    assert shown == starts.split(", ")
    assert lengths == [float(each) for each in hours.split(", ")]


@pytest.mark.parametrize(("name", "few", "many"), rows("limits"))
def test_limits(name: str, few: str, many: str) -> None:
    for days, limit in ((int(few), DEFAULT_POINTS), (int(many), MOST_POINTS)):
        spans = (
            Interval(local("2000-01-01"), local("2000-01-01") + timedelta(each))
            for each in (days, days + 1)
        )
        fits = [count(span, Granularity[name], UTC_ZONE, Weekday.MONDAY) <= limit for span in spans]
        assert fits == [True, False]


@pytest.mark.parametrize(("granularity", "years"), [(Granularity.WEEK, 9), (Granularity.MONTH, 41)])
def test_years_that_fit(granularity: Granularity, years: int) -> None:
    spans = (
        Interval(local("2000-01-01"), local(f"{2000 + each}-01-01")) for each in (years, years + 1)
    )
    assert [count(span, granularity, UTC_ZONE, Weekday.MONDAY) <= 500 for span in spans] == [
        True,
        False,
    ]


@pytest.mark.parametrize(("said", "expected"), rows("auto"))
def test_auto(said: str, expected: str) -> None:
    found = choose_granularity(resolve(last(said), NOW, UTC_ZONE), Granularity.AUTO, UTC_ZONE)
    assert found.name == expected


@pytest.mark.parametrize(("span", "period", "alignment", "expected"), rows("comparison"))
def test_comparison(span: str, period: str, alignment: str, expected: str) -> None:
    asked = interval(span)
    edges = (asked.start, asked.end)
    found = compared(
        asked, edges, None, ComparePeriod[period], CompareAlignment[alignment], UTC_ZONE, NOW
    )
    assert found.interval == interval(expected)


@pytest.mark.parametrize(("fill", "expected"), rows("fill"))
def test_fill(fill: str, expected: str) -> None:
    full = [False, True, False, False, True, False]
    shown = fill_column([0, 4, 0, 0, 10, 0], Fill[fill], full)
    assert shown == pytest.approx(
        [None if each == "null" else float(each) for each in expected.split(", ")]
    )
