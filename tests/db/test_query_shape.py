"""The SQL that is sent: the shape of the read path's statement, and every named query against the schema.

`TIDEMARK_GOLDEN=write` writes the files of golden/ anew; read the difference before it is committed.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from db.queries import areas, load
from db.scan_sql import statement
from domain.grains import Grain, micros
from domain.plan import RollupState, plan
from domain.questions import COUNT, ERRORS, USERS, Filter, MeasureKey, Read, Top
from tests.histories import CATALOGUE
from tests.unit.test_plan import sets

GOLDEN = Path(__file__).parent / "golden"
START = datetime(2026, 3, 1, tzinfo=UTC)
SEALED = {grain: int(micros([START + timedelta(days=20)])[0]) for grain in Grain if grain > 15}
STATE = RollupState(1, sets(), SEALED)
P95 = MeasureKey("quantile", "durationMs", 0.95)
QUESTIONS: dict[str, list[Read]] = {
    "total": [Read("*", (START, START + timedelta(days=7)), frozenset({COUNT, USERS}))],
    "daily_series_of_two_passes_with_ragged_ends": [
        Read(
            "api_request",
            tuple(START + timedelta(days=day, minutes=7) for day in range(4)),
            frozenset({COUNT, ERRORS, P95}),
            ("endpoint",),
            Filter(negated=Filter("method", ("GET", None))),
        )
    ],
    "top_amounts_by_currency": [
        Read(
            "order",
            (START, START + timedelta(days=30)),
            frozenset({MeasureKey("sum", "value")}),
            ("collection",),
            top=Top(10, MeasureKey("sum", "value")),
        )
    ],
    "second_part_of_the_rows": [
        Read("parcel", (START, START + timedelta(hours=6)), frozenset({MeasureKey("max", "width")}))
    ],
    "long_series_by_bucket": [
        Read(
            "api_request",
            tuple(START + timedelta(minutes=15 * at) for at in range(401)),
            frozenset({COUNT, MeasureKey("sum", "durationMs")}),
        )
    ],
    "long_series_of_one_count": [
        Read(
            "api_request",
            tuple(START + timedelta(minutes=15 * at) for at in range(401)),
            frozenset({COUNT}),
        )
    ],
    "raw_events_alone": [
        Read(
            "parcel",
            (START, START + timedelta(days=1)),
            frozenset({COUNT, MeasureKey("avg", "weight")}),
            ("fragile", "zone"),
        )
    ],
}


@pytest.mark.parametrize("name", QUESTIONS)
async def test_the_statement_is_the_golden_one_and_can_be_run(
    name: str, pool: asyncpg.Pool
) -> None:
    reads = QUESTIONS[name]
    made = statement([plan(index, read, CATALOGUE, STATE) for index, read in enumerate(reads)])
    path = GOLDEN / f"{name}.sql"
    if os.environ.get("TIDEMARK_GOLDEN") == "write":
        path.write_text(made.sql + "\n", "utf-8")
    assert made.sql + "\n" == path.read_text("utf-8")
    (head,) = await pool.fetch(made.sql, *made.arguments)
    assert head["scan"] == -1


def test_the_text_depends_on_the_shape_of_the_question_alone() -> None:
    """So that connections keep its plan: neither the range nor the values asked for are in it."""
    (read,) = QUESTIONS["daily_series_of_two_passes_with_ragged_ends"]
    moved = Read(
        read.event_type,
        tuple(edge + timedelta(days=1, minutes=3) for edge in read.edges),
        read.measures,
        read.group_by,
        Filter(negated=Filter("method", ("PUT", None))),
    )
    texts = {statement([plan(0, each, CATALOGUE, STATE)]).sql for each in (read, moved)}
    assert len(texts) == 1


@pytest.mark.parametrize("area", areas())
async def test_every_named_query_fits_the_schema(area: str, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        for name, sql in load(area).items():
            if "pg_stat_statements" in sql:
                continue  # Of an extension that may be missing; who asks handles that.
            try:
                await connection.prepare(sql)
            except asyncpg.PostgresError as problem:
                pytest.fail(f"queries/{area}.sql, {name}: {problem}")
