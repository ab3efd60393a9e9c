"""The present of the system, as Prometheus knows it."""

from dataclasses import dataclass

from domain.questions import Warning
from domain.realtime import NOT_CONFIGURED, Realtime
from resolvers.section_parts import Section
from resolvers.windows import Meta, resolved


@dataclass(frozen=True, slots=True)
class RealtimePart:
    """What is known; None where no source of it is set."""

    realtime: Realtime | None
    meta: Meta


async def realtime(section: Section) -> Realtime | None:
    """The part of the section that the range does not touch. Never raises for a source that is away."""
    return (await section.part(_realtime(section))).realtime


async def _realtime(section: Section) -> RealtimePart:
    found = await section.scope.rooms.realtime(section.scope.now)
    span = resolved(section.span)
    if found is None:
        warning = Warning(
            NOT_CONFIGURED, "Neither PROMETHEUS_TARGETS nor PROMETHEUS_URL says where to look."
        )
        return RealtimePart(None, Meta(span, section.span.now, (), (warning,)))
    meta = Meta(span, found.as_of, ("prometheus",), found.warnings, found.cached)
    return RealtimePart(found, meta)
