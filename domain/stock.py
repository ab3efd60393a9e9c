"""How much there is of a product."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Stock:
    """Items over all places, as last told."""

    items: Decimal
    told_at: datetime


@dataclass(frozen=True, slots=True)
class StockKey:
    """A product, and the instant before which its stock is asked for."""

    product: str
    before: datetime
