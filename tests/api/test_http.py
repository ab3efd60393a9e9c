"""GraphQL over HTTP: methods, media types, status codes, bounds."""

import asyncio
import re
from collections.abc import AsyncIterator

import asyncpg
import orjson
import pytest

from domain.limits import Limits
from tests.api.conftest import CORRELATION, Api, serving

GRAPHQL = "application/graphql-response+json"
ADMIN = {"Authorization": "Bearer admin"}
VIEWER = {"query": "{ viewer { subject roles limits { pageSize } } }"}
ANSWER = {
    "data": {"viewer": {"subject": "test-admin", "roles": ["admin"], "limits": {"pageSize": 1000}}}
}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}])
async def test_nothing_is_answered_without_a_valid_token(api: Api, headers: dict[str, str]) -> None:
    for response in (
        await api.client.post("/graphql", json=VIEWER, headers=headers),
        await api.client.get("/graphql", params=VIEWER, headers=headers),
        await api.client.post("/graphql", content=b"{", headers=headers),
        await api.client.get("/graphql/schema", headers=headers),
        await api.client.put("/graphql", headers=headers),
    ):
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Bearer")
        (error,) = response.json()["errors"]
        assert error["extensions"] == {"code": "TOKEN_INVALID", "correlationId": CORRELATION}


async def test_a_query_is_answered_by_post_and_get(api: Api) -> None:
    posted = await api.client.post("/graphql", json=VIEWER, headers=ADMIN)
    got = await api.client.get("/graphql", params=VIEWER, headers=ADMIN)
    assert posted.json()["data"] == got.json()["data"] == ANSWER["data"]
    assert posted.status_code == got.status_code == 200


async def test_get_takes_variables_and_the_operation_name(api: Api) -> None:
    params = {
        "query": "query A($yes: Boolean!) { viewer { subject @include(if: $yes) roles } }"
        " query B { viewer { roles } }",
        "variables": '{"yes": false}',
        "operationName": "A",
    }
    response = await api.client.get("/graphql", params=params, headers=ADMIN)
    assert response.json()["data"] == {"viewer": {"roles": ["admin"]}}


async def test_a_mutation_is_not_answered_by_get(api: Api) -> None:
    query = "mutation { aggregate(input: {}) { batches } }"
    response = await api.client.get("/graphql", params={"query": query}, headers=ADMIN)
    assert response.status_code == 405
    assert "POST" in response.headers["allow"]
    assert response.json()["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_other_methods_are_refused(api: Api, method: str) -> None:
    response = await api.client.request(method, "/graphql", json=VIEWER, headers=ADMIN)
    assert response.status_code == 405 and response.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    ("accept", "sent"),
    [
        ("application/json", "application/json"),
        (GRAPHQL, GRAPHQL),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        (f"{GRAPHQL}, application/json;q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0.5, application/json", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
        (f"{GRAPHQL}; charset=utf-8", GRAPHQL),
    ],
)
async def test_the_media_type_is_the_one_that_is_accepted(api: Api, accept: str, sent: str) -> None:
    response = await api.client.post("/graphql", json=VIEWER, headers={**ADMIN, "Accept": accept})
    assert response.headers["content-type"].split(";")[0] == sent
    assert response.json()["data"] == ANSWER["data"]


async def test_what_cannot_be_sent_is_not_acceptable(api: Api) -> None:
    response = await api.client.post(
        "/graphql", json=VIEWER, headers={**ADMIN, "Accept": "image/png"}
    )
    assert response.status_code == 406


@pytest.mark.parametrize(
    ("query", "accept", "status", "has_data"),
    [
        ("{", GRAPHQL, 400, False),
        ("{ nothing }", GRAPHQL, 400, False),
        ("{", "application/json", 200, False),
        ("{ nothing }", "application/json", 200, False),
        ("mutation { aggregate(input: {}) { batches } }", GRAPHQL, 200, True),
        ("query ($x: Boolean!) { viewer { subject @skip(if: $x) } }", GRAPHQL, 400, False),
    ],
)
async def test_the_status_says_whether_it_was_executed(
    api: Api, query: str, accept: str, status: int, has_data: bool
) -> None:
    headers = {"Authorization": "Bearer ops_viewer", "Accept": accept}
    response = await api.client.post("/graphql", json={"query": query}, headers=headers)
    assert response.status_code == status
    assert ("data" in response.json()) is has_data
    assert response.json()["errors"]


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "application/graphql",
        "application/json; charset=latin-1",
        "multipart/form-data",
    ],
)
async def test_other_bodies_than_json_are_refused(api: Api, content_type: str | None) -> None:
    headers = {**ADMIN, **({"Content-Type": content_type} if content_type else {})}
    response = await api.client.post("/graphql", content=orjson.dumps(VIEWER), headers=headers)
    assert response.status_code == 415


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b'[{"query": "{ viewer { subject } }"}]',
        b"{}",
        b'{"query": 7}',
        b'{"query": " "}',
        b'{"query": "{ viewer { subject } }", "variables": []}',
        b'{"query": "{ viewer { subject } }", "variables": "x"}',
        b'{"query": "{ viewer { subject } }", "operationName": {}}',
        b'{"query": "{ viewer { subject } }", "extensions": 1}',
        b'{"query": "{ viewer { subject } }", "operationName": "Other"}',
        b'{"query": "\xff"}',
        b'{"query": ' + b"[" * 100_000,
    ],
)
async def test_a_body_that_is_no_request_is_refused(api: Api, body: bytes) -> None:
    headers = {**ADMIN, "Content-Type": "application/json"}
    response = await api.client.post("/graphql", content=body, headers=headers)
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"


async def test_null_means_not_given(api: Api) -> None:
    body = {**VIEWER, "variables": None, "operationName": None, "extensions": None}
    response = await api.client.post("/graphql", json=body, headers=ADMIN)
    assert response.json()["data"] == ANSWER["data"]


async def test_a_body_over_the_limit_is_refused_without_being_read(api: Api) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b" " * 100_000

    headers = {**ADMIN, "Content-Type": "application/json"}
    response = await api.client.post("/graphql", content=endless(), headers=headers)
    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"]["limit"] == 1_000_000
    assert read <= 12
    announced = await api.client.post("/graphql", content=b" " * 1_000_001, headers=headers)
    assert announced.status_code == 413


async def test_a_body_that_does_not_come_is_given_up(dsn: str, pool: asyncpg.Pool) -> None:
    never = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await never.wait()

    headers = {**ADMIN, "Content-Type": "application/json"}
    async for api in serving(dsn, pool, limits=Limits(body_seconds=0.01)):
        response = await api.client.post("/graphql", content=stuck(), headers=headers)
        assert response.status_code == 408
        assert response.json()["errors"][0]["extensions"]["code"] == "BODY_TOO_SLOW"


async def test_a_compressed_body_is_refused(api: Api) -> None:
    headers = {**ADMIN, "Content-Type": "application/json", "Content-Encoding": "gzip"}
    response = await api.client.post("/graphql", content=b"\x1f\x8b", headers=headers)
    assert response.status_code == 415


async def test_a_browser_gets_graphiql_in_development_only(api: Api, production_api: Api) -> None:
    accept = {"Accept": "text/html,application/xhtml+xml"}
    page = await api.client.get("/graphql", headers=accept)
    assert page.status_code == 200 and "GraphiQL" in page.text
    assert (await production_api.client.get("/graphql", headers=accept)).status_code == 401
    assert (await production_api.client.get("/graphql/console/console.js")).status_code == 404


async def test_graphiql_and_all_its_parts_come_from_this_server(api: Api) -> None:
    page = await api.client.get("/graphql", headers={"Accept": "text/html"})
    parts = re.findall(r'(?:src|href)="(?!data:)(.*?)"', page.text)
    assert len(parts) == 7
    for part in parts:
        answer = await api.client.get(part)
        assert answer.status_code == 200, part
        kind = "text/css" if part.endswith(".css") else "text/javascript"
        assert answer.headers["content-type"].startswith(kind)
        assert not re.search(r"""(?:@import|url\()\s*["']?https?:""", answer.text), part
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; connect-src 'self'" in policy
