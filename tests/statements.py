"""What was asked of PostgreSQL."""

from collections.abc import Iterable

from asyncpg.connection import LoggedQuery


def asked(seen: Iterable[LoggedQuery]) -> list[str]:
    """The statements asked, without those by which the driver learns types on a new connection."""
    queries = [each.query for each in seen]
    return [each for each in queries if "typeinfo" not in each and "'jit'" not in each]
