"""What a dashboard says, read from the answer of each contender, so that they can be held together."""

import http.client
import json
import math
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from benchmarks.contenders import DASHBOARD, Contender
from benchmarks.generate import REFUNDED
from benchmarks.load import MILLIS_MARK

SKETCHED = 0.03
"""How far from exact distinct users may be."""
QUANTILE = 0.011
ROUNDED = 1e-9
MONEY = 1e-6
"""Of means of amounts, which Tidemark gives to six places."""
PATIENCE = 300.0

Json = Any
"""An answer as it came; each contender's has its own shape."""


@dataclass(frozen=True, slots=True)
class Sales:
    """Of one collection. `average` is None where the contender leaves it to the caller."""

    revenue: Decimal
    orders: int
    average: Decimal | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The whole dashboard. The p95s are empty where a contender has none.

    Hours are written as 2026-11-22T01 and hold only those with requests.
    """

    total: int
    users: float
    types: Mapping[str, int]
    error_rates: Mapping[str, float]
    hours_p95: Mapping[str, float]
    jobs: Mapping[str, int]
    success_rates: Mapping[str, float]
    jobs_p95: Mapping[str, float]
    costs: Mapping[str, Decimal]
    now: Mapping[str, Sales]
    before: Mapping[str, Sales]
    days: tuple[int, ...]


def ask(contender: Contender) -> Figures:
    """Ask once, outside of any measurement."""
    return _READERS[contender.name](_answer(contender))


def differences(own: Figures, other: Figures) -> list[str]:
    """Parts in which two dashboards say different things; sketches may be off by their bounds."""
    bounds = {"users": SKETCHED, "hours_p95": QUANTILE, "jobs_p95": QUANTILE}
    return [
        f"{each.name}: {getattr(own, each.name)} and {getattr(other, each.name)}"
        for each in fields(Figures)
        if not _alike(
            getattr(own, each.name), getattr(other, each.name), bounds.get(each.name, ROUNDED)
        )
    ]


def _alike(own: Any, other: Any, bound: float) -> bool:
    if isinstance(own, Mapping):
        if bound == QUANTILE and not other:
            return True
        return own.keys() == other.keys() and all(_alike(own[k], other[k], bound) for k in own)
    if isinstance(own, Sales):
        return (own.revenue, own.orders) == (other.revenue, other.orders) and (
            own.average is None
            or other.average is None
            or math.isclose(own.average, other.average, rel_tol=MONEY)
        )
    if isinstance(own, float):
        return math.isclose(own, other, rel_tol=bound)
    return bool(own == other)


def _answer(contender: Contender) -> Json:
    (request,) = contender.questions[DASHBOARD]
    parts = urlsplit(contender.url)
    with socket.create_connection((parts.hostname, parts.port), PATIENCE) as connection:
        connection.sendall(request.replace(MILLIS_MARK, b"00.000"))
        response = http.client.HTTPResponse(connection)
        response.begin()
        answer = json.loads(response.read())
    if response.status >= 400 or "errors" in answer:
        raise RuntimeError(f"{contender.name} has no dashboard: {str(answer)[:1000]}")
    return answer["data"] if contender.name != "limit" else answer


def _of_tidemark(answer: Json) -> Figures:
    summary = answer["summary"]
    hours = answer["hours"]["series"][0]["columns"]
    jobs = answer["mlPipelines"]["providers"]["rows"]
    collections = answer["business"]["collections"]["rows"]
    return Figures(
        total=summary["totalEvents"],
        users=float(summary["uniqueUsers"]),
        types={each["eventType"]: each["count"] for each in summary["eventsByType"]},
        error_rates=_hourly(zip(hours["start"], hours["errorRate"], strict=True)),
        hours_p95=_hourly(zip(hours["start"], hours["p95"], strict=True)),
        jobs={each["key"]: each["jobs"] for each in jobs},
        success_rates={each["key"]: each["successRate"] for each in jobs},
        jobs_p95={each["key"]: each["duration"]["p95"] for each in jobs},
        costs={each["key"]: Decimal(each["cost"]) for each in jobs},
        now={each["key"]: _sold(each) for each in collections},
        before={each["key"]: _sold(each["previous"]) for each in collections},
        days=tuple(answer["days"]["series"][0]["columns"]["count"]),
    )


def _sold(row: Json) -> Sales:
    revenue, average = (row[name]["total"]["amount"] for name in ("revenue", "averageOrderValue"))
    return Sales(Decimal(revenue), row["orders"], Decimal(average))


def _of_plain(answer: Json) -> Figures:
    """The limit's and express' answer, which are alike."""
    hours, jobs = answer["hours"], answer["providers"]
    return Figures(
        total=answer["totalEvents"],
        users=float(answer["uniqueUsers"]),
        types=answer["eventsByType"],
        error_rates=_hourly((each["start"], each["errorRate"]) for each in hours),
        hours_p95=_hourly((each["start"], each["p95"]) for each in hours),
        jobs={each["provider"]: each["jobs"] for each in jobs},
        success_rates={each["provider"]: float(each["successRate"]) for each in jobs},
        jobs_p95={each["provider"]: float(each["p95"]) for each in jobs},
        costs={each["provider"]: Decimal(each["cost"]) for each in jobs},
        now=_plain_sales(answer["collections"]),
        before=_plain_sales(answer["previous"]),
        days=tuple(answer["days"]),
    )


def _plain_sales(answer: Json) -> dict[str, Sales]:
    return {
        name: Sales(Decimal(each["revenue"]), each["orders"], Decimal(each["averageOrderValue"]))
        for name, each in answer.items()
    }


def _of_postgraphile(answer: Json) -> Figures:
    summary, jobs = answer["summary"], answer["providers"]["groupedAggregates"]
    hours = _good_and_bad(answer["hours"]["groupedAggregates"])
    providers = _good_and_bad(jobs)
    costs: dict[str, Decimal] = {}
    for each in jobs:
        name = each["keys"][0]
        costs[name] = costs.get(name, Decimal(0)) + Decimal(each["sum"]["cost"])
    return Figures(
        total=summary["totalCount"],
        users=float(summary["aggregates"]["distinctCount"]["userId"]),
        types={each["keys"][0]: _count(each) for each in summary["groupedAggregates"]},
        error_rates=_hourly((at, bad / (good + bad)) for at, (good, bad) in hours.items()),
        hours_p95={},
        jobs={name: good + bad for name, (good, bad) in providers.items()},
        success_rates={name: good / (good + bad) for name, (good, bad) in providers.items()},
        jobs_p95={},
        costs=costs,
        now=_grouped_sales(answer["now"]["groupedAggregates"]),
        before=_grouped_sales(answer["before"]["groupedAggregates"]),
        days=tuple(
            _count(each)
            for each in sorted(answer["days"]["groupedAggregates"], key=lambda each: each["keys"])
        ),
    )


def _good_and_bad(groups: Json) -> dict[str, tuple[int, int]]:
    """How many did not fail and how many did, by the first key; the second says which."""
    found: dict[str, tuple[int, int]] = {}
    for each in groups:
        name, failed = each["keys"]
        good, bad = found.get(name, (0, 0))
        count = _count(each)
        found[name] = (good, bad + count) if failed in (True, "true") else (good + count, bad)
    return found


def _grouped_sales(groups: Json) -> dict[str, Sales]:
    found: dict[str, Sales] = {}
    for each in groups:
        name, _, status = each["keys"]
        before = found.get(name, Sales(Decimal(0), 0, None))
        orders = 0 if status == REFUNDED else _count(each)
        revenue = before.revenue + Decimal(each["sum"]["value"])
        found[name] = Sales(revenue, before.orders + orders, None)
    return found


def _count(group: Json) -> int:
    return int(group["distinctCount"]["id"])


def _hourly(points: Iterable[tuple[str, float | None]]) -> dict[str, float]:
    return {at[:13].replace(" ", "T"): float(value) for at, value in points if value is not None}


_READERS: Mapping[str, Callable[[Json], Figures]] = {
    "tidemark": _of_tidemark,
    "limit": _of_plain,
    "express": _of_plain,
    "postgraphile": _of_postgraphile,
}
