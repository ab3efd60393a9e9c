"""Who asks, and what they may ask for."""

import strawberry

from graph.fields import computed
from graph.scalars import Long
from resolvers.scope import Scope

Info = strawberry.Info[Scope, None]


@strawberry.type(description="How much one request may ask for.")
class RequestLimits:
    depth: int = strawberry.field(description="Levels of nested fields.")
    aliases: int = strawberry.field(description="Aliases in one document.")
    root_fields: int = strawberry.field(description="Top-level fields in one operation.")
    tokens: int = strawberry.field(description="Tokens in one document.")
    directives: int = strawberry.field(description="Directives in one document.")
    page_size: int = strawberry.field(description="Rows in one page.")
    points: int = strawberry.field(description="Buckets in one series.")
    groups: int = strawberry.field(description="Series in one answer.")
    body_bytes: Long = strawberry.field(description="Bytes of a request body.")
    events_per_mutation: int = strawberry.field(description="Events in one recordEvents.")
    cost: int = strawberry.field(description="Points that one operation may cost.")

    @computed("Points that you may save up.")
    def capacity(self, info: Info) -> int:
        return info.context.points.allowance.capacity

    @computed("Points that you get back each second.")
    def per_second(self, info: Info) -> float:
        return info.context.points.allowance.per_second

    @computed("Points that you have left now.")
    def remaining(self, info: Info) -> int:
        return info.context.points.remaining(info.context.caller.subject)


@strawberry.type(description="The caller, as the token says.")
class Viewer:
    subject: str = strawberry.field(description="Who the token was made for.")
    roles: list[str] = strawberry.field(description="What the token allows.")
    limits: RequestLimits = strawberry.field(description="How much one request may ask for.")
