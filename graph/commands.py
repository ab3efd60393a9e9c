"""Commands: recording events, rolling up."""

from typing import Annotated

import strawberry

from graph.fields import command
from graph.types.commands import (
    AggregateInput,
    AggregatePayload,
    IngestReceipt,
    RecordEventsInput,
)
from resolvers.recording import record
from resolvers.rollups import aggregate
from resolvers.scope import Scope

Info = strawberry.Info[Scope, None]


@strawberry.type
class Commands:
    @command(
        "Record events. What is accepted is committed and in the very next answer.",
        IngestReceipt | None,
    )
    async def record_events(
        self,
        info: Info,
        input: Annotated[RecordEventsInput, strawberry.argument(description="The events.")],
    ) -> object:
        return await record(info.context, [event.as_sent() for event in input.events])

    @command(
        "Roll up now what the worker would roll up next. Answers are the same without.",
        AggregatePayload | None,
    )
    async def aggregate(
        self,
        info: Info,
        input: Annotated[AggregateInput, strawberry.argument(description="What to roll up.")],
    ) -> object:
        return await aggregate(info.context, seal=input.seal)
