"""The dashboard as one hand-written statement over the rollups, its sketches merged as they come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg

from benchmarks.generate import REFUNDED
from db.rollup_columns import whole_sketch
from domain import distinct, quantiles

_SET_SQL = """
SELECT id, measures FROM rollup_sets
WHERE event_type = $1 AND dimensions = $2 AND state = 'active'
"""
_SPAN = """(
    grain = 10080 AND bucket >= {1} AND bucket < {2}
    OR grain = 1440 AND bucket >= {0} AND bucket < {1}
    OR grain = 1440 AND bucket >= {2} AND bucket < {3})"""
"""Whole weeks, and the days before and after them: start, first week, end of the last, end."""

_SQL = """
SELECT 'total' AS part, NULL AS k1, NULL AS k2, NULL::timestamptz AS at, sum(count)::bigint AS n,
       NULL::bigint AS errors, NULL::numeric AS amount, array_agg({users}) AS sketches
FROM rollups r WHERE set_id = {all_set} AND part = 0 AND {whole}
UNION ALL
SELECT 'type', d1, NULL, NULL, sum(count)::bigint, NULL, NULL, NULL
FROM rollups WHERE set_id = {type_set} AND part = 0 AND {whole}
GROUP BY d1
UNION ALL
SELECT 'hour', NULL, NULL, bucket, count, error_count, NULL, ARRAY[{request_duration}]
FROM rollups r
WHERE set_id = {request_set} AND part = 0 AND grain = 60 AND bucket >= $9 AND bucket < $4
UNION ALL
SELECT 'provider', d1, NULL, NULL, sum(count)::bigint, sum(error_count)::bigint, sum(sum{job_cost}),
       array_agg({job_duration})
FROM rollups r WHERE set_id = {provider_set} AND part = 0 AND {whole}
GROUP BY d1
UNION ALL
SELECT 'now', d1, d3, NULL, sum(count)::bigint, NULL, sum(sum{order_value}), NULL
FROM rollups WHERE set_id = {order_set} AND part = 0 AND {half}
GROUP BY d1, d2, d3
UNION ALL
SELECT 'before', d1, d3, NULL, sum(count)::bigint, NULL, sum(sum{order_value}), NULL
FROM rollups WHERE set_id = {order_set} AND part = 0 AND {before}
GROUP BY d1, d2, d3
UNION ALL
SELECT 'day', NULL, NULL, bucket, count, NULL, NULL, NULL
FROM rollups
WHERE set_id = {all_set} AND part = 0 AND grain = 1440 AND bucket >= $1 AND bucket < $4
"""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The statement, with the sets and measures of one database written into it."""

    sql: str

    @classmethod
    async def of(cls, pool: asyncpg.Pool) -> "Dashboard":
        """Look up which sets to read."""
        everything, _ = await _set(pool, "*")
        types, _ = await _set(pool, "*", "eventType")
        requests, measured = await _set(pool, "api_request")
        providers, of_jobs = await _set(pool, "ml_job", "provider")
        orders, of_orders = await _set(pool, "order", "collection", "currency", "status")
        return cls(
            _SQL.format(
                all_set=everything,
                type_set=types,
                request_set=requests,
                provider_set=providers,
                order_set=orders,
                users=whole_sketch("users"),
                request_duration=whole_sketch(f"histogram{_slot(measured, 'durationMs')}"),
                job_duration=whole_sketch(f"histogram{_slot(of_jobs, 'durationMs')}"),
                job_cost=_slot(of_jobs, "cost"),
                order_value=_slot(of_orders, "value"),
                whole=_SPAN.format("$1", "$2", "$3", "$4"),
                half=_SPAN.format("$5", "$6", "$3", "$4"),
                before=_SPAN.format("$1", "$2", "$7", "$8"),
            )
        )

    async def ask(
        self, pool: asyncpg.Pool, spans: Mapping[str, Sequence[datetime]], day: datetime
    ) -> dict[str, Any]:
        """The whole answer. `spans` has `whole`, `half` and `before`, each cut at its weeks."""
        whole, half, before = spans["whole"], spans["half"], spans["before"]
        rows = await pool.fetch(self.sql, *whole, *half[:2], *before[2:], day)
        parts: dict[str, list[asyncpg.Record]] = {}
        for row in rows:
            parts.setdefault(row["part"], []).append(row)
        (total,) = parts["total"]
        return {
            "totalEvents": total["n"],
            "uniqueUsers": distinct.count(total["sketches"]).value,
            "eventsByType": {row["k1"]: row["n"] for row in parts["type"]},
            "hours": [_hour(row) for row in sorted(parts["hour"], key=lambda row: row["at"])],
            "providers": [_provider(row) for row in parts["provider"]],
            "collections": _sales(parts["now"]),
            "previous": _sales(parts["before"]),
            "days": [row["n"] for row in sorted(parts["day"], key=lambda row: row["at"])],
        }


async def _set(pool: asyncpg.Pool, event_type: str, *dimensions: str) -> tuple[int, list[str]]:
    row = await pool.fetchrow(_SET_SQL, event_type, list(dimensions))
    if row is None:
        raise LookupError(f"no rollups of {event_type} by {', '.join(dimensions)}")
    return row["id"], row["measures"]


def _slot(measures: list[str], name: str) -> int:
    """The number of a measure's columns in the first part of a row."""
    return measures.index(name) + 1


def _hour(row: asyncpg.Record) -> dict[str, object]:
    return {"start": row["at"], "errorRate": row["errors"] / row["n"], "p95": _p95(row)}


def _provider(row: asyncpg.Record) -> dict[str, object]:
    return {
        "provider": row["k1"],
        "jobs": row["n"],
        "successRate": (row["n"] - row["errors"]) / row["n"],
        "p95": _p95(row),
        "cost": str(row["amount"]),
    }


def _p95(row: asyncpg.Record) -> float | None:
    found = quantiles.distribution(row["sketches"]).quantile(0.95)
    return found.value if found else None


def _sales(rows: Sequence[asyncpg.Record]) -> dict[str, dict[str, object]]:
    """Revenue, orders and mean of each collection, from its rows by status."""
    sold: dict[str, tuple[Decimal, Decimal, int]] = {}
    for row in rows:
        net, gross, orders = sold.get(row["k1"], (Decimal(0), Decimal(0), 0))
        if row["k2"] == REFUNDED:
            sold[row["k1"]] = net + row["amount"], gross, orders
        else:
            sold[row["k1"]] = net + row["amount"], gross + row["amount"], orders + row["n"]
    return {
        name: {"revenue": str(net), "orders": orders, "averageOrderValue": str(gross / orders)}
        for name, (net, gross, orders) in sold.items()
    }
