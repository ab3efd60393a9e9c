"""Documents by their hash, and what an HTTP cache of the client may do."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from app.answers import read_trusted
from db.answer_cache import AnswerCache
from db.data_version import DataVersion, VersionReader
from db.persisted_documents import PersistedDocuments
from domain.errors import ConfigurationError
from domain.freshness import Ages
from graph.persisted import TrustedDocuments
from resolvers.kept_answers import KeptAnswers
from tests.api.conftest import Api, serving

QUERY = "query ($last: Duration!) { summary(range: { last: $last }) { totalEvents } }"
OTHER = "{ viewer { subject } }"
ADMIN = {"Authorization": "Bearer admin"}


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def persisted(text: str, **more: Any) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text)}, **more}


def params(text: str, **more: Any) -> dict[str, str]:
    return {"extensions": json.dumps(persisted(text, **more)), "variables": '{"last": "P7D"}'}


@pytest.fixture
async def api(dsn: str, pool: asyncpg.Pool, redis: Redis) -> AsyncIterator[Api]:
    kept = KeptAnswers(AnswerCache(redis, 3600), DataVersion(VersionReader(pool)), Ages())
    parts = {"kept": kept, "documents": PersistedDocuments(redis)}
    async for served in serving(dsn, pool, parts=parts):
        yield served


@pytest.fixture
async def trusting(dsn: str, pool: asyncpg.Pool) -> AsyncIterator[Api]:
    documents = TrustedDocuments({hash_of(QUERY): QUERY})
    async for served in serving(dsn, pool, parts={"documents": documents}):
        yield served


async def send(api: Api, **body: Any) -> dict[str, Any]:
    given = {"variables": {"last": "P7D"}, **body}
    return (await api.client.post("/graphql", json=given, headers=ADMIN)).json()


def code(answer: dict[str, Any]) -> str:
    return answer["errors"][0]["extensions"]["code"]


async def test_a_document_is_sent_once_and_then_meant_by_its_hash(api: Api, redis: Redis) -> None:
    unknown = await send(api, extensions=persisted(QUERY))
    assert code(unknown) == "PERSISTED_QUERY_NOT_FOUND"
    assert unknown["errors"][0]["message"] == "PersistedQueryNotFound"
    for body in ({"query": QUERY}, {}):
        answer = await send(api, extensions=persisted(QUERY), **body)
        assert answer["data"] == {"summary": {"totalEvents": 0}}
    got = await api.client.get("/graphql", params=params(QUERY), headers=ADMIN)
    assert got.json()["data"] == {"summary": {"totalEvents": 0}}
    assert await PersistedDocuments(redis).find(hash_of(QUERY)) == QUERY


async def test_after_a_flush_the_client_sends_it_again(api: Api, redis: Redis) -> None:
    await PersistedDocuments(redis).keep(hash_of(QUERY), QUERY)
    await redis.flushdb()
    assert await PersistedDocuments(redis).find(hash_of(QUERY)) is None
    assert code(await send(api, extensions=persisted(QUERY))) == "PERSISTED_QUERY_NOT_FOUND"


async def test_only_valid_documents_under_their_own_hash_are_kept(api: Api, redis: Redis) -> None:
    answer = await send(api, query=OTHER, extensions=persisted(QUERY))
    assert code(answer) == "PERSISTED_QUERY_MISMATCH"
    wrong = "{ nothing }"
    await send(api, query=wrong, extensions=persisted(wrong))
    assert code(await send(api, extensions=persisted(wrong))) == "PERSISTED_QUERY_NOT_FOUND"
    malformed = {"persistedQuery": {"version": 2, "sha256Hash": hash_of(QUERY)}}
    assert code(await send(api, extensions=malformed)) == "PERSISTED_QUERY_NOT_SUPPORTED"


async def test_a_mutation_by_hash_is_not_answered_by_get(api: Api) -> None:
    mutation = "mutation { aggregate(input: {}) { batches } }"
    await send(api, query=mutation, extensions=persisted(mutation), variables={})
    extensions = {"extensions": json.dumps(persisted(mutation))}
    response = await api.client.get("/graphql", params=extensions, headers=ADMIN)
    assert response.status_code == 405


async def test_only_trusted_documents_are_answered(trusting: Api) -> None:
    for body in ({"query": QUERY}, {"extensions": persisted(QUERY)}):
        assert (await send(trusting, **body))["data"] == {"summary": {"totalEvents": 0}}
    for body in ({"query": OTHER}, {"query": f"{QUERY} "}, {"extensions": persisted(OTHER)}):
        assert code(await send(trusting, **body)) == "DOCUMENT_NOT_TRUSTED"


def test_a_file_of_trusted_documents_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "documents.json"
    path.write_text(json.dumps({hash_of(QUERY): QUERY}))
    assert read_trusted(path).by_hash == {hash_of(QUERY): QUERY}
    for text in ("{", "[]", "{}", json.dumps({"abc": QUERY}), json.dumps({hash_of("7"): 7})):
        path.write_text(text)
        with pytest.raises(ConfigurationError, match="TRUSTED_DOCUMENTS"):
            read_trusted(path)


async def test_a_get_with_the_etag_it_knows_gets_no_body(api: Api) -> None:
    await send(api, query=QUERY, extensions=persisted(QUERY))
    first = await api.client.get("/graphql", params=params(QUERY), headers=ADMIN)
    assert first.headers["cache-control"] == "private, no-cache"
    assert {"Authorization", "X-API-Key"} <= set(first.headers["vary"].split(", "))
    known = {**ADMIN, "If-None-Match": first.headers["etag"]}
    again = await api.client.get("/graphql", params=params(QUERY), headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    await api.store([{"id": "e1", "type": "click", "occurredAt": "2026-03-10T12:00:00Z"}])
    changed = await api.client.get("/graphql", params=params(QUERY), headers=known)
    assert changed.status_code == 200
    assert changed.json()["data"] == {"summary": {"totalEvents": 1}}


async def test_an_allowed_age_is_passed_on_to_http_caches(api: Api) -> None:
    await send(api, query=QUERY, extensions=persisted(QUERY, maxAge=60))
    response = await api.client.get("/graphql", params=params(QUERY, maxAge=60), headers=ADMIN)
    assert response.headers["cache-control"] == "private, max-age=60"


async def test_errors_are_stored_nowhere_and_the_role_decides_first(api: Api) -> None:
    await send(api, query=QUERY, extensions=persisted(QUERY))
    first = await api.client.get("/graphql", params=params(QUERY), headers=ADMIN)
    for role in ("ingest", "nobody"):
        headers = {"Authorization": f"Bearer {role}", "If-None-Match": first.headers["etag"]}
        refused = await api.client.get("/graphql", params=params(QUERY), headers=headers)
        assert refused.json()["errors"]
        assert refused.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("given", [-1, "60", True, []])
async def test_an_age_that_is_no_number_is_refused(api: Api, given: object) -> None:
    assert code(await send(api, query=QUERY, extensions={"maxAge": given})) == "BAD_REQUEST"
