"""How the database is."""

from dataclasses import dataclass

from domain.database_health import DatabaseHealth
from resolvers.section_parts import Section
from resolvers.windows import Meta, resolved


@dataclass(frozen=True, slots=True)
class DatabasePart:
    """One look at it; it is of now, whatever the section's range."""

    health: DatabaseHealth
    meta: Meta


async def database(section: Section) -> DatabaseHealth:
    """A look at the database."""
    return (await section.part(_database(section))).health


async def _database(section: Section) -> DatabasePart:
    health = await section.scope.rooms.database()
    return DatabasePart(health, Meta(resolved(section.span), health.as_of, ("postgresql",), ()))
