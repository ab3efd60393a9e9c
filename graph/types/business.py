"""The business: sales, products, collections, and the way to an order."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated

import strawberry

from domain.durations import parse_duration
from domain.funnels import Actor
from domain.order_figures import COLLECTION_KIND, ORDER_KIND, PRODUCT_KIND
from domain.stock import StockKey
from graph.fields import computed
from graph.figure_fields import (
    Root,
    groups_by_field,
    groups_field,
    meta_field,
    overview_field,
    series_field,
)
from graph.figure_types import KindTypes
from graph.scalars import Duration
from graph.section_arguments import Info
from graph.types.funnel import Funnel, FunnelActor, FunnelStepInput
from resolvers.figure_rows import FigureRow
from resolvers.funnel import FunnelAsked, funnel

Steps = Annotated[
    list[FunnelStepInput] | None,
    strawberry.argument(
        description="The steps in order; without them traffic, cart, checkout, complete."
    ),
]
By = Annotated[FunnelActor, strawberry.argument(description="Who takes the steps.")]
Within = Annotated[
    Duration | None,
    strawberry.argument(
        description="How long it may take from the first step to the last; FUNNEL_WINDOW without it."
    ),
]


@strawberry.type(description="How much there is of a product, over all places that have it.")
class Stock:
    items: Decimal = strawberry.field(description="Items, as last told of each place.")
    told_at: datetime = strawberry.field(description="When that was told last.")


async def _inventory(root: strawberry.Parent[FigureRow], info: Info) -> object:
    if root.key is None:
        return None
    return await info.context.loaders.stock.load(StockKey(root.key, root.until))


_STOCK = computed(
    "The stock at the end of the range; null where no event that is still kept tells it.",
    Stock | None,
)(_inventory)
_SALES = KindTypes(ORDER_KIND)
_PRODUCTS = KindTypes(PRODUCT_KIND, more={"inventory": (Stock | None, _STOCK)})
_COLLECTIONS = KindTypes(COLLECTION_KIND)


@strawberry.type(description="Sales, products, collections, and the way to an order.")
class Business:
    overview = overview_field("All orders together.", _SALES)
    sales = series_field(
        "Orders over time, by collection, country, currency, source or status.", _SALES
    )
    breakdown = groups_field("Orders by collection, country, currency, source or status.", _SALES)
    products = groups_by_field(
        "Product by product: views, carts, conversions, sales and stock.", _PRODUCTS, "product"
    )
    collections = groups_by_field(
        "Collection by collection: Black Rose, Love Hurts, Signature, …",
        _COLLECTIONS,
        "collection",
    )

    @computed("Who went how far from traffic over cart and checkout to an order.", Funnel | None)
    async def funnel(
        root: Root,
        info: Info,
        steps: Steps = None,
        by: By = FunnelActor.USER,
        window: Within = None,
    ) -> object:
        asked = FunnelAsked(
            steps=None if steps is None else [each.step() for each in steps],
            actor=Actor[by.name],
            window=None if window is None else _length(window),
            filter=root.filter,
        )
        section = root.section
        return await section.part(funnel(section.scope, section.span, asked))

    meta = meta_field()


def _length(window: Duration) -> timedelta:
    return timedelta(days=parse_duration(window, field="window").nominal_days)
