"""A funnel's answer: followed event by event where that is possible, else bounded from rollups."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from domain.durations import Duration
from domain.funnels import (
    SHOP,
    Actor,
    Followed,
    FunnelRead,
    Reached,
    Step,
    bounded,
    checked_steps,
    checked_window,
)
from domain.questions import COUNT, USERS, Filter, Frame, Read, Warning
from resolvers.answers import Aggregates
from resolvers.conditions import condition_on, joined
from resolvers.scope import Scope
from resolvers.windows import Meta, Window, meta, resolved


@dataclass(frozen=True, slots=True)
class FunnelAsked:
    """The question; without steps the way through a shop, without a window the process's own."""

    steps: Sequence[Step] | None
    actor: Actor
    window: timedelta | None
    filter: Filter | None


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step; the rates are None where the numbers are bounds."""

    name: str
    reached: Reached
    first: Reached
    before: Reached

    @property
    def count(self) -> int:
        return self.reached.upper

    @property
    def lower(self) -> int:
        return self.reached.lower

    @property
    def upper(self) -> int:
        return self.reached.upper

    @property
    def rate(self) -> float | None:
        """Those who got here, over those who took the first step."""
        return _share(self.reached, self.first)

    @property
    def rate_of_previous(self) -> float | None:
        """Those who got here, over those who took the step before."""
        return _share(self.reached, self.before)

    @property
    def drop_off(self) -> int | None:
        """Those who took the step before and got no further."""
        if not (_known(self.reached) and _known(self.before)):
            return None
        return self.before.upper - self.reached.upper


@dataclass(frozen=True, slots=True)
class Funnel:
    """The answer."""

    steps: list[FunnelStep]
    exact: bool
    window: Duration
    meta: Meta


async def funnel(scope: Scope, span: Window, asked: FunnelAsked) -> Funnel:
    """One statement over raw events; where they are dropped or too many, one over rollups after it."""
    steps = tuple(
        _checked(scope, step, asked.filter) for step in checked_steps(asked.steps or SHOP)
    )
    window = checked_window(asked.window or scope.rooms.funnel_window)
    read = FunnelRead(steps, *span.edges, asked.actor, window)
    found = await scope.rooms.follow(read)
    if found is not None:
        return _exact(span, read, found)
    return await _bounded(scope, span, read)


def _checked(scope: Scope, step: Step, filter: Filter | None) -> Step:
    event_type = scope.event_type(step.event_type, field="steps")
    own, shared = (
        condition_on(scope, event_type, each) if each else None for each in (step.condition, filter)
    )
    return replace(step, event_type=event_type.name, condition=joined(own, shared))


def _exact(span: Window, read: FunnelRead, found: Followed) -> Funnel:
    said = Meta(resolved(span), found.as_of, ("raw",), ())
    reached = [Reached(count, count) for count in found.counts]
    return Funnel(_steps(read, reached), True, _duration(read), said)


async def _bounded(scope: Scope, span: Window, read: FunnelRead) -> Funnel:
    wanted = USERS if read.actor is Actor.USER else COUNT
    frames = await scope.loaders.frames.all(
        Read(step.event_type, span.edges, frozenset({wanted}), filter=step.condition)
        for step in read.steps
    )
    if wanted is USERS:
        uppers, certain = [_users(frame)[1] for frame in frames], _users(frames[0])[0]
    else:
        uppers, certain = [_events(frame) for frame in frames], 0
    said = meta(span, frames, warnings=[_warning(read.actor)])
    return Funnel(_steps(read, bounded(uppers, certain)), False, _duration(read), said)


def _duration(read: FunnelRead) -> Duration:
    return Duration(seconds=int(read.window.total_seconds()))


def _users(frame: Frame) -> tuple[int, int]:
    estimate = Aggregates(frame.groups[()]).estimate("uniqueUsers", None)
    return (int(estimate.lower), int(-(-estimate.upper // 1))) if estimate else (0, 0)


def _events(frame: Frame) -> int:
    return int(Aggregates(frame.groups[()]).count or 0)


def _warning(actor: Actor) -> Warning:
    counted = "distinct users" if actor is Actor.USER else "events, as a session has one at least"
    return Warning(
        "FUNNEL_BOUNDED",
        "Raw events of this range are not all kept, or too many to follow one by one. Each step shows the"
        f" most that may have got there: the {counted}, of the step or of one before it.",
    )


def _steps(read: FunnelRead, reached: Sequence[Reached]) -> list[FunnelStep]:
    befores = (reached[0], *reached)
    return [
        FunnelStep(step.name, found, reached[0], before)
        for step, found, before in zip(read.steps, reached, befores, strict=False)
    ]


def _share(part: Reached, whole: Reached) -> float | None:
    if not (_known(part) and _known(whole)) or not whole.upper:
        return None
    return part.upper / whole.upper


def _known(reached: Reached) -> bool:
    return reached.lower == reached.upper
