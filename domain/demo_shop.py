"""What the demo's shop sells and who visits it: fixed lists, no chance."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Product:
    """One product; `price` in US dollars."""

    code: str
    collection: str
    price: Decimal


def _collection(name: str, *products: tuple[str, str]) -> tuple[Product, ...]:
    return tuple(Product(code, name, Decimal(price)) for code, price in products)


PRODUCTS: tuple[Product, ...] = (
    *_collection(
        "Black Rose",
        ("br-hoodie", "65.00"),
        ("br-sherpa", "95.00"),
        ("br-jersey", "55.00"),
        ("br-crewneck", "125.00"),
    ),
    *_collection(
        "Love Hurts",
        ("lh-joggers", "95.00"),
        ("lh-varsity", "265.00"),
        ("lh-shorts", "75.00"),
        ("lh-fannypack", "65.00"),
    ),
    *_collection(
        "Signature",
        ("sg-tee", "40.00"),
        ("sg-shorts", "65.00"),
        ("sg-windbreaker", "195.00"),
        ("sg-beanie", "25.00"),
        ("sg-bridge", "60.00"),
    ),
)
"""Most wanted first."""

COUNTRIES: tuple[tuple[str, str, Decimal], ...] = (
    ("United States", "USD", Decimal(1)),
    ("United Kingdom", "GBP", Decimal("0.79")),
    ("Germany", "EUR", Decimal("0.92")),
    ("France", "EUR", Decimal("0.92")),
    ("Canada", "USD", Decimal(1)),
    ("Japan", "JPY", Decimal(150)),
    ("India", "INR", Decimal(84)),
)
"""Name, currency and what a US dollar is worth in it; most visitors first."""

COUNTRY_WEIGHTS = (46, 14, 11, 8, 8, 8, 5)
PRODUCT_WEIGHTS = tuple(round(100 / rank) for rank in range(1, len(PRODUCTS) + 1))

HOURS = (3, 2, 2, 1, 1, 2, 3, 5, 7, 9, 10, 10, 11, 11, 10, 9, 9, 10, 12, 13, 12, 10, 7, 5)
"""Visitors by hour of the day (UTC)."""

WEEKDAYS = (1.0, 0.97, 0.98, 1.02, 1.12, 1.05, 0.86)
"""Events by day of the week from Monday, around 1."""
