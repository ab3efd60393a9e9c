"""Amounts of money."""

from decimal import Decimal

import strawberry


@strawberry.type(description="An amount of money.")
class Money:
    amount: Decimal = strawberry.field(description="The exact amount.")
    currency: str | None = strawberry.field(
        description="ISO 4217 code; null for events that name none."
    )


@strawberry.type(description="Amounts by currency; they are never added across currencies.")
class Amounts:
    total: Money | None = strawberry.field(
        description="The amount; null where there is none, or where there are several currencies."
    )
    listed: list[Money] = strawberry.field(
        name="byCurrency", description="The amount of each currency."
    )
