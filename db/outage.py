"""PostgreSQL not answering, as an error that the caller may see."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from domain.errors import Unavailable

LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What it looks like when the server is down, shutting down or full.

The last is what asyncpg says between the server's last word on a connection and the end of that connection.
"""


@contextmanager
def outages_stated() -> Iterator[None]:
    """Raise Unavailable where the server is down, shutting down or full; other errors stay as they are."""
    try:
        yield
    except LOST as problem:
        raise Unavailable("The database cannot be reached now; try again.") from problem
