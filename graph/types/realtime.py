"""The present, as Prometheus knows it."""

from datetime import UTC, datetime
from typing import Annotated

import strawberry

from domain import realtime
from domain.limits import check_page
from graph.fields import computed
from graph.scalars import JSON, Long
from graph.section_arguments import Info

Root = strawberry.Parent[realtime.Realtime]
OneTarget = strawberry.Parent[realtime.Target]

_FIRST_SAMPLES = 100


@strawberry.type(description="How requests go now. Latencies are in ms.")
class RealtimeRequests:
    requests_per_second: float | None = strawberry.field(
        description="null where it is not known since when an endpoint counts."
    )
    error_rate: float | None = strawberry.field(
        description="Answers of status 400 or more over all, 0 to 1; null without requests."
    )
    avg: float | None = strawberry.field(description="The mean latency.")
    p50: float | None = strawberry.field(description="The median, as fine as the buckets are.")
    p95: float | None = strawberry.field(description="95 % took at most this.")
    p99: float | None = strawberry.field(description="99 % took at most this.")


@strawberry.type(description="An endpoint that Prometheus metrics are read from.")
class PrometheusTarget:
    name: str = strawberry.field(description="Its address, or job and instance.")
    up: bool = strawberry.field(description="Whether it answers.")
    error: str | None = strawberry.field(description="Why it does not.")
    milliseconds: float | None = strawberry.field(
        description="How long its answer took; null where a Prometheus server asks it."
    )
    memory_bytes: float | None = strawberry.field(description="Its process's resident memory.")
    cpu_seconds: float | None = strawberry.field(
        description="Processor time that its process used."
    )
    open_files: float | None = strawberry.field(description="Files that its process holds open.")

    @computed("When its process started.")
    def started_at(root: OneTarget) -> datetime | None:
        began = root.started_at
        return None if began is None else datetime.fromtimestamp(began, UTC)

    @computed("How many samples it exposes.", Long)
    def sample_count(root: OneTarget) -> object:
        return len(root.samples)


@strawberry.type(description="One number of an endpoint, as it exposes it.")
class PrometheusSample:
    target: str = strawberry.field(description="The endpoint.")
    name: str = strawberry.field(description="The metric.")
    labels: JSON = strawberry.field(description="Its labels, as a JSON object.")
    value: float | None = strawberry.field(description="The number; null for NaN and infinities.")


@strawberry.type(description="The present, whatever the section's range.")
class Realtime:
    as_of: datetime = strawberry.field(description="When it was read.")
    cached: bool = strawberry.field(description="Whether it was kept from before.")
    source: str = strawberry.field(
        description="What the rates are from: server (Prometheus) or targets (endpoints)."
    )
    seconds: float | None = strawberry.field(
        description="How many seconds the rates are over, at most."
    )
    rates: RealtimeRequests | None = strawberry.field(
        name="requests",
        description="How requests go; null where no endpoint exposes the histogram of requests.",
    )
    targets: list[PrometheusTarget] = strawberry.field(description="The endpoints.")

    @computed("Metrics that endpoints expose, by name.", list[PrometheusSample])
    def samples(
        root: Root,
        info: Info,
        names: Annotated[
            list[str], strawberry.argument(description="Names of samples, as go_goroutines.")
        ],
        first: Annotated[
            int, strawberry.argument(description="How many at most.")
        ] = _FIRST_SAMPLES,
    ) -> object:
        check_page(first, info.context.limits.page_size)
        return root.named(frozenset(names))[:first]
