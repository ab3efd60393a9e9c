"""Messages to people and whether they arrived."""

import strawberry

from domain.delivery_figures import DELIVERY_KIND
from graph.figure_fields import groups_field, meta_field, overview_field, series_field
from graph.figure_types import KindTypes

_DELIVERY = KindTypes(DELIVERY_KIND)


@strawberry.type(description="Messages to people: how many arrived, were opened and clicked.")
class NotificationDelivery:
    statistics = overview_field("All messages together.", _DELIVERY)
    delivery = series_field("Delivery over time.", _DELIVERY)
    channels = groups_field(
        "Channels beside each other; also by campaign, template or source.",
        _DELIVERY,
        by="channel",
    )
    meta = meta_field()
