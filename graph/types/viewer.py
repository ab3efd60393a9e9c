"""Who asks, and what they may ask for."""

import strawberry

from graph.scalars import Long


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


@strawberry.type(description="The caller, as the token says.")
class Viewer:
    subject: str = strawberry.field(description="Who the token was made for.")
    roles: list[str] = strawberry.field(description="What the token allows.")
    limits: RequestLimits = strawberry.field(description="How much one request may ask for.")
