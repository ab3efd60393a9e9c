"""Real traces of language models: tokens, bursts and quantiles against the files themselves."""

import csv
import gzip
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from app.catalogue_source import read_catalogue
from db.rollups import roll_all
from tests.behaviour.importing import Asker, Importer, asking, spanning

DAY = ("2023-11-16", "2023-11-17")
WORKLOADS = ("code", "conv")


@dataclass(frozen=True, slots=True)
class Request:
    """One line of a trace."""

    workload: str
    at: datetime
    read: int
    written: int


@pytest.fixture
def importer(dsn: str, tmp_path: Path) -> Importer:
    return Importer(dsn, tmp_path)


def requests(folder: Path) -> list[Request]:
    found = []
    for workload in WORKLOADS:
        with gzip.open(trace(folder, workload), "rt") as file:
            for row in csv.DictReader(file):
                at = datetime.fromisoformat(row["TIMESTAMP"][:26]).replace(tzinfo=UTC)
                tokens = int(row["ContextTokens"]), int(row["GeneratedTokens"])
                found.append(Request(workload, at, *tokens))
    return found


def trace(folder: Path, workload: str) -> Path:
    path = folder / "azure_llm" / f"AzureLLMInferenceTrace_{workload}.csv.gz"
    if not path.exists():
        pytest.skip(f"no data set at {path}")
    return path


def quantile(numbers: Sequence[int], q: float) -> int:
    ranked = sorted(numbers)
    return ranked[max(1, math.ceil(q * len(ranked))) - 1]


def quarter(at: datetime) -> str:
    start = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
    return start.isoformat().replace("+00:00", "Z")


async def test_tokens_bursts_and_quantiles_are_those_of_the_files(
    importer: Importer, shared_data: Path, dsn: str, redis_url: str, pool: asyncpg.Pool
) -> None:
    importer.run(
        "import", *(trace(shared_data, each) for each in WORKLOADS), "--mapping", "azure_llm"
    )
    expected = requests(shared_data)

    async def check(asker: Asker) -> None:
        await check_workloads(asker, expected)
        await check_bursts(asker, expected)

    async with asking(dsn, redis_url) as asker:
        await check(asker)
        await roll_all(pool, read_catalogue(None))
        await check(asker)


async def check_workloads(asker: Asker, expected: Sequence[Request]) -> None:
    measures = """count read: sumExact(of: "contextTokens") written: sumExact(of: "generatedTokens")
      longest: max(of: "generatedTokens") mean: avg(of: "generatedTokens")
      p50: quantile(of: "generatedTokens", q: 0.5) p95: quantile(of: "generatedTokens", q: 0.95)
      p99: quantile(of: "generatedTokens", q: 0.99)"""
    found = await asker.breakdown("llm_request", "workload", DAY, measures)
    for workload in WORKLOADS:
        own = [each for each in expected if each.workload == workload]
        written = [each.written for each in own]
        assert found[workload] == {
            "count": len(own),
            "read": str(sum(each.read for each in own)),
            "written": str(sum(written)),
            "longest": max(written),
            "mean": pytest.approx(sum(written) / len(written), rel=1e-12),
            "p50": pytest.approx(quantile(written, 0.5), rel=0.01),
            "p95": pytest.approx(quantile(written, 0.95), rel=0.01),
            "p99": pytest.approx(quantile(written, 0.99), rel=0.01),
        }


async def check_bursts(asker: Asker, expected: Sequence[Request]) -> None:
    """The quarter of an hour with the most requests, and p95 of each quarter."""
    answered = await asker.ask(
        """query ($range: RangeInput!) { timeseries(eventType: "llm_request", range: $range,
          granularity: QUARTER_HOUR) { series { columns { start count
            p95: quantile(of: "generatedTokens", q: 0.95) } } } }""",
        range=spanning(DAY),
    )
    (series,) = answered["timeseries"]["series"]
    columns = series["columns"]
    counts = Counter(quarter(each.at) for each in expected)
    shown = dict(zip(columns["start"], columns["count"], strict=True))
    assert {start: count for start, count in shown.items() if count} == counts
    assert max(shown, key=lambda start: shown[start]) == counts.most_common(1)[0][0]
    by_quarter: dict[str, list[int]] = {}
    for each in expected:
        by_quarter.setdefault(quarter(each.at), []).append(each.written)
    for start, p95 in zip(columns["start"], columns["p95"], strict=True):
        written = by_quarter.get(start)
        assert p95 == (
            None if written is None else pytest.approx(quantile(written, 0.95), rel=0.01)
        )
