"""Real flows of humanitarian funding: partners and projects against the files, in plain Python."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.catalogue_source import read_catalogue
from db.rollups import roll_all
from tests.behaviour.importing import Asker, Importer, asking, spanning

YEARS = ("2016-01-01", "2022-01-01")
STATES = {"paid": "paid", "committed": "commitment", "pledged": "pledge"}
MONEY = "{ total { amount currency } byCurrency { amount currency } }"
DONATIONS = f"donations donors paid {MONEY} committed {MONEY} pledged {MONEY}"

Flow = dict[str, str]
Sums = dict[str, Decimal]


@pytest.fixture
def files(shared_data: Path) -> list[Path]:
    found = [
        shared_data / "ocha_fts" / f"fts_{each}_funding_global.csv"
        for each in ("incoming", "internal")
    ]
    for path in found:
        if not path.is_file():
            pytest.skip(f"no data set at {path}")
    return found


def flows(files: Iterable[Path]) -> list[Flow]:
    """Every flow once: the files hold three of them twice."""
    found: dict[str, Flow] = {}
    for path in files:
        with path.open(newline="", encoding="utf-8-sig") as file:
            found |= {row["id"]: row for row in csv.DictReader(file)}
    return list(found.values())


def given(flow: Flow) -> tuple[str, Decimal]:
    """Currency and amount as it was given; what has no original amount was given in dollars."""
    if flow["originalAmount"]:
        return flow["originalCurrency"], Decimal(flow["originalAmount"])
    return "USD", Decimal(flow["amountUSD"])


def sums(flows: Iterable[Flow]) -> Sums:
    found: Sums = defaultdict(Decimal)
    for flow in flows:
        currency, amount = given(flow)
        found[currency] += amount
    return dict(found)


def shown(money: Any) -> Sums:
    return {each["currency"]: Decimal(each["amount"]) for each in money["byCurrency"]}


def by(flows: Iterable[Flow], column: str) -> dict[str | None, list[Flow]]:
    found: dict[str | None, list[Flow]] = defaultdict(list)
    for flow in flows:
        found[flow[column] or None].append(flow)
    return found


async def rolling(
    dsn: str, redis_url: str, pool: asyncpg.Pool, check: Callable[[Asker], Any]
) -> None:
    async with asking(dsn, redis_url) as asker:
        await check(asker)
        await roll_all(pool, read_catalogue(None))
        await check(asker)


async def ask(asker: Asker, section: str, part: str) -> Any:
    answered = await asker.ask(
        f"query ($range: RangeInput!) {{ {section}(range: $range) {{ {part} }} }}",
        range=spanning(YEARS),
    )
    return answered[section]


async def test_what_donors_pledged_and_paid_is_that_of_the_files_in_every_currency(
    files: list[Path], dsn: str, redis_url: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    Importer(dsn, tmp_path).run("import", *files, "--mapping", "ocha_fts_donations")
    expected = flows(files)

    async def check(asker: Asker) -> None:
        await check_statistics(asker, expected)
        for dimension, column in (("partner", "srcOrganization"), ("campaign", "destPlan")):
            await check_groups(asker, dimension, by(expected, column))
        await check_months(asker, expected)

    await rolling(dsn, redis_url, pool, check)


def check_donations(found: Any, own: Sequence[Flow]) -> None:
    assert found["donations"] == len(own)
    assert found["donors"] == len({each["srcOrganization"] for each in own} - {""})
    for figure, status in STATES.items():
        amounts = sums(each for each in own if each["status"] == status)
        assert shown(found[figure]) == amounts
        total = found[figure]["total"]
        assert (total is None) is (len(amounts) != 1)


async def check_statistics(asker: Asker, expected: Sequence[Flow]) -> None:
    found = await ask(
        asker, "partners", f"statistics {{ {DONATIONS} partners }} meta {{ warnings {{ code }} }}"
    )
    check_donations(found["statistics"], expected)
    assert found["statistics"]["partners"] == found["statistics"]["donors"] > 90
    assert [each["code"] for each in found["meta"]["warnings"]] == ["MIXED_CURRENCIES"] * 3


async def check_groups(
    asker: Asker, dimension: str, expected: dict[str | None, list[Flow]]
) -> None:
    found = (
        await ask(
            asker,
            "partners",
            f"""breakdown(dimension: "{dimension}", first: 12) {{
              rows {{ key {DONATIONS} }} other {{ {DONATIONS} }} totalGroups }}""",
        )
    )["breakdown"]
    assert found["totalGroups"] == len(expected)
    for row in found["rows"]:
        check_donations(row, expected[row["key"]])
    keys = [row["key"] for row in found["rows"]]
    sizes = sorted(map(len, expected.values()), reverse=True)
    assert [len(expected[key]) for key in keys] == sizes[:12]
    rest = [each for key, held in expected.items() if key not in keys for each in held]
    assert (found["other"] is None) is not bool(rest)
    if rest:
        check_donations(found["other"], rest)


async def check_months(asker: Asker, expected: Sequence[Flow]) -> None:
    found = await ask(
        asker,
        "partners",
        """donations(granularity: MONTH, first: 50) {
          series { currency columns { start donations paid } } }""",
    )
    held: dict[tuple[str, str], list[Flow]] = defaultdict(list)
    for each in expected:
        held[given(each)[0], each["date"][:7]].append(each)
    series = found["donations"]["series"]
    assert {each["currency"] for each in series} == {currency for currency, _ in held}
    for each in series:
        columns = each["columns"]
        own = [held.get((each["currency"], start[:7]), []) for start in columns["start"]]
        assert columns["donations"] == [len(flows) for flows in own]
        paid = [[flow for flow in flows if flow["status"] == "paid"] for flows in own]
        assert columns["paid"] == [
            pytest.approx(float(sum(sums(flows).values()))) if flows else None for flows in paid
        ]


async def test_budgets_of_projects_are_those_of_the_files(
    files: list[Path], dsn: str, redis_url: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    Importer(dsn, tmp_path).run("import", *files, "--mapping", "ocha_fts_projects")
    expected = flows(files)
    named = by(expected, "destProject")

    def dollars(own: Iterable[Flow]) -> Decimal:
        return sum((Decimal(each["amountUSD"]) for each in own), Decimal(0))

    async def check(asker: Asker) -> None:
        found = await ask(
            asker,
            "projects",
            f"""statistics {{ projects updates budget {MONEY} spent {MONEY} budgetUsed }}
              impact(dimension: "project", orderBy: "budget", first: 100) {{
                rows {{ key updates budget {MONEY} }} other {{ updates }} totalGroups }}""",
        )
        statistics = found["statistics"]
        assert statistics["projects"] == len(named.keys() - {None}) == 80
        assert statistics["updates"] == len(expected)
        assert statistics["budget"]["total"] == {
            "amount": str(dollars(expected)),
            "currency": "USD",
        }
        assert (shown(statistics["spent"]), statistics["budgetUsed"]) == ({}, None)
        impact = found["impact"]
        assert (impact["totalGroups"], impact["other"]) == (len(named), None)
        assert {row["key"]: (row["updates"], shown(row["budget"])) for row in impact["rows"]} == {
            key: (len(own), {"USD": dollars(own)}) for key, own in named.items()
        }

    await rolling(dsn, redis_url, pool, check)
