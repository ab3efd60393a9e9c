"""Amounts by currency as plain Python adds them up, and as answers show them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tests.api.conftest import Api
from tests.api.demo_events import Sent, grouped

Amount = tuple[str | None, Decimal]


def amounts(events: Iterable[Sent], of: str = "value") -> list[Amount]:
    """The sums by currency of the events that have the amount."""
    held: dict[str | None, Decimal] = {}
    for event in events:
        found = event.get(of, event["properties"].get(of))
        if found is not None:
            name = event["currency"]
            held[name] = held.get(name, Decimal(0)) + Decimal(str(found))
    return sorted(held.items(), key=lambda each: each[0] or "")


def shown_amounts(found: Any) -> list[Amount]:
    """What an answer lists; its total is the one amount, and null with several or none."""
    listed = [(each["currency"], Decimal(each["amount"])) for each in found["byCurrency"]]
    if "total" in found:
        total = found["total"]
        shown = None if total is None else (total["currency"], Decimal(total["amount"]))
        assert shown == (listed[0] if len(listed) == 1 else None)
    return listed


def by_property(events: Iterable[Sent], name: str) -> dict[Any, list[Sent]]:
    """Events by a property, or a column of that name; a flag as the text that dimensions have."""

    def key(event: Sent) -> str | None:
        found = event["properties"].get(name, event.get(name))
        return str(found).lower() if isinstance(found, bool) else found

    return grouped(events, key)


def own_statements(api: Api) -> list[str]:
    """The statements asked, without those by which the driver learns types on a new connection."""
    queries = [each.query for each in api.statements]
    return [each for each in queries if "typeinfo" not in each and "'jit'" not in each]
