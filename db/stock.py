"""The stock of products from raw events of type `inventory`, as far back as they are kept."""

from collections.abc import Sequence
from decimal import Decimal

import asyncpg

from db.queries import load
from domain.stock import Stock, StockKey

QUERIES = load("stock")


async def levels(pool: asyncpg.Pool, keys: Sequence[StockKey]) -> list[Stock | None]:
    """The stock of each; None where no kept event tells it. One statement for each instant."""
    found: dict[StockKey, Stock] = {}
    for before in dict.fromkeys(key.before for key in keys):
        products = [key.product for key in keys if key.before == before]
        for row in await pool.fetch(QUERIES["levels"], products, before):
            found[StockKey(row["product"], before)] = Stock(Decimal(row["stock"]), row["told_at"])
    return [found.get(key) for key in keys]
