"""The shipped mappings over real data: what the API shows is what the files hold, to the last digit."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import asyncpg
import pytest

from app.catalogue_source import read_catalogue
from db.rollups import roll_all
from tests.behaviour.importing import REJECTED, Asker, Importer, asking, spanning


@pytest.fixture
def importer(dsn: str, tmp_path: Path) -> Importer:
    return Importer(dsn, tmp_path)


@pytest.fixture
def data(shared_data: Path) -> Callable[[str], Path]:
    """A file of the data sets; the test is skipped where that set is absent."""

    def found(name: str) -> Path:
        path = shared_data / name
        if not path.is_file():
            pytest.skip(f"no data set at {path}")
        return path

    return found


async def test_online_retail_shows_the_revenue_of_every_invoice_line(
    importer: Importer, data: Callable[[str], Path], dsn: str, redis_url: str, pool: asyncpg.Pool
) -> None:
    file = data("online_retail/online_retail.csv.gz")
    said = importer.run("import", file, "--mapping", "online_retail")
    assert "541,909 events added" in said
    year = ("2010-12-01", "2011-12-10")
    async with asking(dsn, redis_url) as asker:
        await roll_all(pool, read_catalogue(None))
        total = (await asker.breakdown("order", "currency", year, RETAIL))["GBP"]
        assert total["count"] == 541_909
        assert total["sum"] == pytest.approx(9_747_747.934)
        assert Decimal(total["value"]) == Decimal("9747747.934")
        assert Decimal(total["quantity"]) == 5_176_450
        assert total["uniqueUsers"] == pytest.approx(4_372, rel=0.02)
        states = await asker.breakdown("order", "status", year, "count")
        assert states["cancelled"]["count"] == 9_288
        assert states["adjusted"]["count"] == 3
        countries = await asker.breakdown("order", "country", year, "count")
        assert countries["United Kingdom"]["count"] == 495_478
        assert len(countries) == 38
        asked = f"query ($range: RangeInput!) {{ business(range: $range) {{ {SHOP} }} }}"
        shop = (await asker.ask(asked, range=spanning(year)))["business"]["overview"]
        assert Decimal(shop["revenue"]["total"]["amount"]) == Decimal("9747747.934")
        assert (shop["orders"], shop["reversals"]) == (22_064, 3_836)
    assert "0 events added" in importer.run("import", file, "--mapping", "online_retail")


async def test_wikiticker_shows_every_edit(
    importer: Importer, data: Callable[[str], Path], dsn: str, redis_url: str, pool: asyncpg.Pool
) -> None:
    file = data("wikiticker/wikiticker-2015-09-12-restored.ndjson.gz")
    importer.run("import", file, "--mapping", "wikiticker")

    async def check(asker: Asker) -> None:
        day = ("2015-09-12", "2015-09-13")
        wanted = 'count uniqueUsers added: sumExact(of: "added") deleted: sumExact(of: "deleted")'
        total = (await asker.breakdown("wiki_edit", "source", day, wanted))["wikiticker"]
        assert total["count"] == 39_244
        assert total["uniqueUsers"] == pytest.approx(10_531, rel=0.02)
        assert Decimal(total["added"]) == 9_385_573
        assert Decimal(total["deleted"]) == 394_298
        channels = await asker.breakdown("wiki_edit", "channel", day, "count")
        assert len(channels) == 51
        assert sum(each["count"] for each in channels.values()) == 39_244

    await _before_and_after_rolling_up(check, dsn, redis_url, pool)


async def test_apache_logs_show_every_line_but_the_malformed_one(
    importer: Importer, data: Callable[[str], Path], dsn: str, redis_url: str, pool: asyncpg.Pool
) -> None:
    file = data("apache_logs/apache_logs.log.gz")
    said = importer.run("import", file, "--mapping", "apache_logs", code=REJECTED)
    assert "9,999 events added; of 10,000 records" in said
    assert "1  MALFORMED_LOG_LINE" in said

    async def check(asker: Asker) -> None:
        days = ("2015-05-17", "2015-05-21")
        total = (await asker.breakdown("api_request", "source", days, "count uniqueUsers"))[
            "apache"
        ]
        assert total["count"] == 9_999
        assert total["uniqueUsers"] == pytest.approx(1_753, rel=0.02)
        codes = await asker.breakdown("api_request", "statusCode", days, "count errorCount")
        assert codes["404"] == {"count": 213, "errorCount": 213}
        assert codes["500"] == {"count": 3, "errorCount": 3}

    await _before_and_after_rolling_up(check, dsn, redis_url, pool)
    letter = await pool.fetchrow("SELECT origin, code, body FROM dead_letters")
    assert letter is not None
    assert (letter["origin"], letter["code"]) == ("import:apache_logs", "MALFORMED_LOG_LINE")
    assert letter["body"].startswith(b"46.118.127.106 - - [20/May/2015:12:05:17 +0000]")


async def test_azure_llm_shows_every_token_by_workload(
    importer: Importer, data: Callable[[str], Path], dsn: str, redis_url: str, pool: asyncpg.Pool
) -> None:
    files = [data(f"azure_llm/AzureLLMInferenceTrace_{each}.csv.gz") for each in ("code", "conv")]
    importer.run("import", *files, "--mapping", "azure_llm")

    async def check(asker: Asker) -> None:
        day = ("2023-11-16", "2023-11-17")
        wanted = (
            'count read: sumExact(of: "contextTokens") written: sumExact(of: "generatedTokens")'
        )
        found = await asker.breakdown("llm_request", "workload", day, wanted)
        assert found["code"] == {"count": 8_819, "read": "18059974", "written": "245896"}
        assert found["conv"]["count"] == 19_366

    await _before_and_after_rolling_up(check, dsn, redis_url, pool)


async def test_ocha_fts_shows_every_flow_once(
    importer: Importer, data: Callable[[str], Path], dsn: str, redis_url: str, pool: asyncpg.Pool
) -> None:
    files = [data(f"ocha_fts/fts_{each}_funding_global.csv") for each in ("incoming", "internal")]
    said = importer.run("import", *files, "--mapping", "ocha_fts")
    assert "1,103 events added; of 1,106 records 1,103 accepted, 3 duplicates" in said
    assert "279 events added" in said

    async def check(asker: Asker) -> None:
        years = ("2016-01-01", "2022-01-01")
        flows = await asker.breakdown("funding_flow", "boundary", years, FUNDING)
        assert flows["incoming"] == {"count": 1_103, "value": "2022063939"}
        assert flows["internal"] == {"count": 279, "value": "115594355"}
        states = await asker.breakdown("funding_flow", "status", years, "count")
        assert {state: each["count"] for state, each in states.items()} == {
            "paid": 960,
            "commitment": 420,
            "pledge": 2,
        }

    await _before_and_after_rolling_up(check, dsn, redis_url, pool)
    assert await pool.fetchval("SELECT count(*) FROM dead_letters") == 0


RETAIL = (
    'count uniqueUsers sum(of: "value") value: sumExact(of: "value")'
    ' quantity: sumExact(of: "quantity")'
)
SHOP = "overview { orders reversals revenue { total { amount } } }"
FUNDING = 'count value: sumExact(of: "value")'


async def _before_and_after_rolling_up(
    check: Callable[[Asker], Awaitable[None]], dsn: str, redis_url: str, pool: asyncpg.Pool
) -> None:
    async with asking(dsn, redis_url) as asker:
        await check(asker)
        await roll_all(pool, read_catalogue(None))
        await check(asker)
