"""The reads of alert evaluations: through the one read path, many in a statement, failures apart."""

from collections.abc import Sequence

import asyncpg
import structlog

from db.analytics import answer
from db.outage import LOST
from db.rollup_state import StateCache
from domain.catalogue import Catalogue
from domain.errors import InvalidInput, TidemarkError, Unavailable
from domain.questions import Frame, Read

READS_A_STATEMENT = 50

_OF_ONE_READ = (
    InvalidInput,
    asyncpg.DataError,
    asyncpg.ProgramLimitExceededError,
    asyncpg.SyntaxOrAccessError,
)
"""What PostgreSQL says of a single read."""

_OF_ALL_READS = (asyncpg.PostgresError, *LOST, Unavailable)
"""The database's own troubles, of which no config is to blame; so all are evaluated again later."""

log = structlog.get_logger("tidemark.worker")


async def read_apart(
    pool: asyncpg.Pool, catalogue: Catalogue, reads: Sequence[Read], state: StateCache
) -> list[Frame | TidemarkError]:
    """The answers in the order of the reads; of a read that cannot be answered, the reason."""
    found: list[Frame | TidemarkError] = []
    for start in range(0, len(reads), READS_A_STATEMENT):
        chunk = reads[start : start + READS_A_STATEMENT]
        try:
            found += await answer(pool, catalogue, chunk, state)
        except _OF_ONE_READ:
            found += await _one_by_one(pool, catalogue, chunk, state)
        except _OF_ALL_READS:
            raise
        except Exception:
            log.exception("reads failed together")
            found += await _one_by_one(pool, catalogue, chunk, state)
    return found


async def _one_by_one(
    pool: asyncpg.Pool, catalogue: Catalogue, reads: Sequence[Read], state: StateCache
) -> list[Frame | TidemarkError]:
    return [await _read_one(pool, catalogue, read, state) for read in reads]


async def _read_one(
    pool: asyncpg.Pool, catalogue: Catalogue, read: Read, state: StateCache
) -> Frame | TidemarkError:
    try:
        return (await answer(pool, catalogue, [read], state))[0]
    except InvalidInput as problem:
        return problem
    except _OF_ONE_READ as problem:
        return TidemarkError(
            f"PostgreSQL could not compute the measure: {problem}.", code="NO_VALUE"
        )
    except _OF_ALL_READS:
        raise
    except Exception as fault:
        return TidemarkError(
            f"The measure could not be computed: {type(fault).__name__}.", code="NO_VALUE"
        )
