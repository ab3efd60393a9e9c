"""System health."""

from enum import Enum
from typing import Annotated, Any

import strawberry

from graph.fields import computed
from graph.measured_types import types_of
from graph.section_arguments import (
    AUTO,
    FIRST_GROUPS,
    First,
    Info,
    Length,
    MaxPoints,
    OrderBy,
    cut,
    order,
)
from graph.selection import selection_of
from graph.types.database import DatabaseHealth
from graph.types.meta import Meta
from graph.types.realtime import Realtime
from resolvers import health
from resolvers.database import database
from resolvers.realtime import realtime
from resolvers.section_parts import Section

_API = types_of(health.API)
_HEALTH = types_of(health.HEALTH)

Root = strawberry.Parent[Section]


@strawberry.enum(description="What requests are told apart by.")
class RequestDimension(Enum):
    ENDPOINT = strawberry.enum_value("endpoint", description="Their path template.")
    METHOD = strawberry.enum_value("method", description="Their HTTP method.")
    SOURCE = strawberry.enum_value("source", description="The service that answered.")
    STATUS_CODE = strawberry.enum_value("statusCode", description="Their HTTP status code.")


By = Annotated[
    RequestDimension | None,
    strawberry.argument(description="One series for each value of it; one in all without."),
]


def _by(description: str, dimension: str) -> Any:
    """A field: requests by one dimension."""

    async def shown(
        root: Root, info: Info, first: First = FIRST_GROUPS, order_by: OrderBy = None
    ) -> object:
        selected = _API.selected_groups(selection_of(info))
        return await root.groups(health.REQUESTS, dimension, None, selected, order(first, order_by))

    return computed(description, _API.groups | None)(shown)


@strawberry.type(description="How the API's requests went, by what was asked of whom.")
class ApiHealth:
    by_endpoint = _by("By path template.", "endpoint")
    by_method = _by("By HTTP method.", "method")
    by_source = _by("By the service that answered.", "source")
    by_status_code = _by("By HTTP status code.", "statusCode")


@strawberry.type(description="How the services, their API and this database are.")
class SystemHealth:
    @computed("All requests together.", _HEALTH.overview | None)
    async def overview(root: Root, info: Info) -> object:
        return await health.overview(root, _HEALTH.selected(selection_of(info)))

    @computed("Requests by endpoint, method, service and status.", ApiHealth)
    def api(root: Root) -> object:
        return root

    @computed("How the database is now, whatever the range.", DatabaseHealth | None)
    async def database(root: Root) -> object:
        return await database(root)

    @computed(
        "The present, from Prometheus: at most half a second late. null where no source is set; where"
        " one does not answer, meta.warnings says which.",
        Realtime | None,
    )
    async def realtime(root: Root) -> object:
        return await realtime(root)

    @computed("Requests over time.", _API.series | None)
    async def timeseries(
        root: Root,
        info: Info,
        granularity: Length = AUTO,
        max_points: MaxPoints = None,
        by: By = None,
    ) -> object:
        selected = _API.selected_series(selection_of(info))
        buckets = cut(granularity, max_points, by)
        return await root.series(health.REQUESTS, None, selected, buckets)

    @computed("How good the section is, over all of its selected parts.", Meta)
    async def meta(root: Root) -> object:
        return await root.meta()
