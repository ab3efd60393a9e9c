"""Dimensions and measures that several built-in event types share, and how to declare more."""

from domain.catalogue import Dimension, Measure

SOURCE = Dimension("source", "source", "The service that sent the event.")
PROVIDER = Dimension("provider", "provider", "The outside provider that did the work.")
CURRENCY = Dimension("currency", "currency", "ISO 4217 code of the amount.")
STATUS_CODE = Dimension("statusCode", "statusCode", "HTTP status code of the response.")
DURATION = Measure("durationMs", "durationMs", "ms", "How long it took.")
COST = Measure("cost", "cost", "USD", "What it cost; unknown where the event has none.")
VALUE = Measure("value", "value", "currency", "The amount, in the event's currency.", money=True)


def text(name: str, description: str) -> Dimension:
    """A dimension from the property of that name."""
    return Dimension(name, f"properties.{name}", description)


def number(name: str, unit: str, description: str) -> Measure:
    """A measure from the property of that name."""
    return Measure(name, f"properties.{name}", unit, description)


def money(name: str, description: str) -> Measure:
    """An amount in the event's currency, from the property of that name."""
    return Measure(name, f"properties.{name}", "currency", description, money=True)
