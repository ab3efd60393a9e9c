"""Whatever is asked, by whichever role: an answer or errors with codes, and nothing from the inside.

`make fuzz` (FUZZ_OPERATIONS=10000, FUZZ_SEED=…) asks more.
"""

import os
import re
from collections import Counter
from collections.abc import AsyncIterator
from random import Random

import asyncpg
import pytest

from db.rate_limit import RateLimit
from domain.callers import Role
from domain.token_bucket import Allowance
from graph.schema import schema
from tests.api.conftest import NOW, Answered, Api, serving
from tests.operations import Asked, Operations

COUNT = int(os.environ.get("FUZZ_OPERATIONS", "300"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
_INSIDE = re.compile(
    r"Traceback|File \"|\.py\b|asyncpg|psycopg|sqlalchemy|SELECT |relation \"|object at 0x|NoneType"
    r"|KeyError|TypeError|AttributeError|postgresql://|redis://"
)


@pytest.fixture
async def generous(dsn: str, pool: asyncpg.Pool) -> AsyncIterator[Api]:
    """The API, with points for any number of questions."""
    points = RateLimit(None, Allowance(10**12), NOW.timestamp)
    async for served in serving(dsn, pool, parts={"points": points}):
        yield served


async def test_no_operation_brings_out_a_fault(generous: Api) -> None:
    api = generous
    await api.store(
        {
            "id": f"e{n}",
            "type": kind,
            "occurredAt": NOW.isoformat(),
            "userId": f"u{n}",
            "value": n,
            "currency": "EUR",
        }
        for n, kind in enumerate(("click", "order", "api_request", "ml_job", "error") * 5)
    )
    operations, seen = Operations(schema()._schema, Random(SEED)), Counter[str]()
    for number in range(COUNT):
        asked = operations.make()
        role = list(Role)[number % len(Role)]
        body = {"query": asked.query, "variables": asked.variables}
        headers = {"Authorization": f"Bearer {role.value}"}
        answered = Answered(await api.client.post("/graphql", json=body, headers=headers))
        check(answered, asked, role)
        seen.update(answered.codes or ["answered"])
    assert seen["answered"] > COUNT / 20, seen
    assert len(seen) > 4 and "RATE_LIMITED" not in seen, seen


def check(answered: Answered, asked: Asked, role: Role) -> None:
    """Fails with what reproduces it."""
    told = f"{role.value}: {asked.query}\n{asked.variables}\n{answered.response.text[:2_000]}"
    assert answered.response.status_code in (200, 400, 413, 429), told
    for error in answered.body.get("errors", []):
        code = error.get("extensions", {}).get("code")
        assert code and code != "INTERNAL", told
        message = error["message"]
        for value in re.findall(r"'[^']*'|\"[^\"]*\"", asked.query + repr(asked.variables)):
            message = message.replace(value[1:-1], "") if len(value) > 3 else message
        assert not _INSIDE.search(message), told
