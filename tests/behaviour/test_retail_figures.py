"""A real shop's invoices: the business section against the file itself, in plain Python."""

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.catalogue_source import read_catalogue
from db.rollups import roll_all
from tests.behaviour.importing import Asker, Importer, asking, spanning

YEAR = ("2010-12-01", "2012-01-01")
LONDON = 'range: $range, timeZone: "Europe/London"'
WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice; `at` is local time."""

    invoice: str
    product: str
    pieces: int
    amount: Decimal
    at: datetime
    customer: str
    country: str

    @property
    def cancelled(self) -> bool:
        return self.invoice.startswith("C")


def line(row: dict[str, str]) -> Line:
    pieces = int(row["Quantity"])
    return Line(
        row["InvoiceNo"],
        row["StockCode"],
        pieces,
        pieces * Decimal(row["UnitPrice"]),
        datetime.fromisoformat(row["InvoiceDate"]),
        row["CustomerID"],
        row["Country"],
    )


@pytest.fixture
def abroad(shared_data: Path, tmp_path: Path) -> Path:
    """The part of the file that is about customers outside of the United Kingdom."""
    path = shared_data / "online_retail" / "online_retail.csv.gz"
    if not path.is_file():
        pytest.skip(f"no data set at {path}")
    part = tmp_path / "abroad.csv"
    with gzip.open(path, "rt", newline="") as whole, part.open("w", newline="") as file:
        rows = csv.DictReader(whole)
        writer = csv.DictWriter(file, rows.fieldnames or ())
        writer.writeheader()
        writer.writerows(row for row in rows if row["Country"] != "United Kingdom")
    return part


def revenue(lines: Iterable[Line]) -> Decimal:
    return sum((each.amount for each in lines), Decimal(0))


def invoices(lines: Iterable[Line], *, cancelled: bool = False) -> int:
    return len({each.invoice for each in lines if each.cancelled is cancelled})


async def test_revenue_orders_products_and_the_funnel_are_those_of_the_file(
    abroad: Path, dsn: str, redis_url: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    Importer(dsn, tmp_path).run("import", abroad, "--mapping", "online_retail")
    with abroad.open(newline="") as file:
        lines = [line(row) for row in csv.DictReader(file)]
    async with asking(dsn, redis_url) as asker:
        for rolled in (False, True):
            if rolled:
                await roll_all(pool, read_catalogue(None))
            await check_overview(asker, lines)
            await check_months(asker, lines)
            await check_countries(asker, lines)
            await check_products(asker, lines)
            await check_funnel(asker, lines)


async def business(asker: Asker, part: str) -> Any:
    answered = await asker.ask(
        f"query ($range: RangeInput!) {{ business({LONDON}) {{ {part} }} }}", range=spanning(YEAR)
    )
    return answered["business"]


async def check_overview(asker: Asker, lines: Sequence[Line]) -> None:
    money = "{ total { amount currency } }"
    found = await business(
        asker,
        f"""overview {{ orders reversals units customers revenue {money} grossSales {money}
          refunds {money} averageOrderValue {money} }} meta {{ warnings {{ code }} }}""",
    )
    shown, sold = found["overview"], [each for each in lines if not each.cancelled]
    gross, orders = revenue(sold), invoices(lines)
    assert (shown["orders"], shown["reversals"]) == (orders, invoices(lines, cancelled=True))
    assert Decimal(shown["units"]) == sum(each.pieces for each in lines)
    assert shown["customers"] == pytest.approx(
        len({each.customer for each in sold if each.customer}), rel=0.02
    )
    for name, amount in (
        ("revenue", revenue(lines)),
        ("grossSales", gross),
        ("refunds", gross - revenue(lines)),
        ("averageOrderValue", (gross / orders).quantize(Decimal("0.000001"))),
    ):
        assert Decimal(shown[name]["total"]["amount"]) == amount, name
        assert shown[name]["total"]["currency"] == "GBP"
    assert found["meta"]["warnings"] == []


async def check_months(asker: Asker, lines: Sequence[Line]) -> None:
    """Month by month and country by country; the sums are exact, and columns are floats."""
    found = await business(
        asker,
        """sales(granularity: MONTH, dimension: "country", first: 50) {
          series { key currency columns { start revenue orders } } }""",
    )
    by_month: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for each in lines:
        by_month[each.country, f"{each.at:%Y-%m}"].append(each)
    series = found["sales"]["series"]
    assert {each["key"] for each in series} == {each.country for each in lines}
    for each in series:
        assert each["currency"] == "GBP" and len(each["columns"]["start"]) == 13
        for number, month in enumerate(months()):
            held = by_month.get((each["key"], month), [])
            amount = each["columns"]["revenue"][number]
            assert amount == (pytest.approx(float(revenue(held))) if held else None)
            assert each["columns"]["orders"][number] == invoices(held)


def months() -> list[str]:
    return ["2010-12", *(f"2011-{month:02}" for month in range(1, 13))]


async def check_countries(asker: Asker, lines: Sequence[Line]) -> None:
    found = await business(
        asker,
        """breakdown(dimension: "country", first: 10, orderBy: "revenue") {
          rows { key orders revenue { total { amount } } averageOrderValue { total { amount } } }
          other { orders revenue { total { amount } } } totalGroups }""",
    )
    held: dict[str, list[Line]] = defaultdict(list)
    for each in lines:
        held[each.country].append(each)
    ranked = sorted(held, key=lambda country: -revenue(held[country]))
    shown = found["breakdown"]
    assert [row["key"] for row in shown["rows"]] == ranked[:10]
    assert shown["totalGroups"] == len(ranked)
    for row in shown["rows"]:
        own = held[row["key"]]
        gross = revenue(each for each in own if not each.cancelled)
        assert Decimal(row["revenue"]["total"]["amount"]) == revenue(own)
        assert row["orders"] == invoices(own)
        mean = (gross / invoices(own)).quantize(Decimal("0.000001"))
        assert Decimal(row["averageOrderValue"]["total"]["amount"]) == mean
    rest = [each for country in ranked[10:] for each in held[country]]
    assert shown["other"]["orders"] == invoices(rest)
    assert Decimal(shown["other"]["revenue"]["total"]["amount"]) == revenue(rest)


async def check_products(asker: Asker, lines: Sequence[Line]) -> None:
    found = await business(
        asker,
        """products(first: 40) { rows { key conversions units views conversionRate
          revenue { total { amount } } } other { units revenue { total { amount } } } totalGroups }""",
    )
    held: dict[str, list[Line]] = defaultdict(list)
    for each in lines:
        held[each.product].append(each)
    shown = found["products"]
    assert shown["totalGroups"] == len(held)
    amounts = sorted(map(revenue, held.values()), reverse=True)
    assert [Decimal(row["revenue"]["total"]["amount"]) for row in shown["rows"]] == amounts[:40]
    for row in shown["rows"]:
        own = held[row["key"]]
        assert Decimal(row["revenue"]["total"]["amount"]) == revenue(own)
        assert Decimal(row["units"]) == sum(each.pieces for each in own)
        assert row["conversions"] == sum(not each.cancelled for each in own)
        assert (row["views"], row["conversionRate"]) == (0, None)
    assert Decimal(shown["other"]["revenue"]["total"]["amount"]) == sum(amounts[40:])


async def check_funnel(asker: Asker, lines: Sequence[Line]) -> None:
    """Customers who bought, and those of them who cancelled within 30 days of a purchase."""
    found = await business(
        asker,
        """funnel(window: "P30D", steps: [
          { eventType: "order", name: "bought", filter: { not: { dimension: "status", eq: "cancelled" } } },
          { eventType: "order", name: "cancelled", filter: { dimension: "status", eq: "cancelled" } } ]) {
            exact steps { name count } }""",
    )
    moments: dict[str, Counter[tuple[datetime, bool]]] = defaultdict(Counter)
    for each in lines:
        if each.customer:
            moments[each.customer][each.at, each.cancelled] += 1
    bought = [at for at in moments.values() if any(not cancelled for _, cancelled in at)]
    assert found["funnel"]["exact"] is True
    assert found["funnel"]["steps"] == [
        {"name": "bought", "count": len(bought)},
        {"name": "cancelled", "count": sum(map(took_back, bought))},
    ]


def took_back(moments: Iterable[tuple[datetime, bool]]) -> bool:
    bought = [at for at, cancelled in moments if not cancelled]
    back = [at for at, cancelled in moments if cancelled]
    return any(timedelta(0) <= late - soon <= WINDOW for soon in bought for late in back)
