"""The present from Prometheus, over HTTP: from endpoints and from a server, on time or not at all."""

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from app.bounded_http import LARGEST
from app.prometheus import Sources, open_prometheus
from app.prometheus_server import queries
from domain.exposition import parse_exposition
from tests.api.conftest import NOW, Api, serving
from tests.api.demo_events import RANGE, demo_events
from tests.behaviour.importing import asking
from tests.behaviour.tidemark import free_port
from tests.exposing import (
    OPENMETRICS,
    TEXT,
    Reply,
    always,
    exposing,
    never,
    requests_exposed,
)

QUERY = f"""{{ systemHealth(range: {RANGE}) {{
  overview {{ requests }}
  realtime {{ cached source seconds requests {{ requestsPerSecond errorRate avg p50 p95 p99 }}
    targets {{ name up error memoryBytes startedAt sampleCount }} }}
  meta {{ servedBy warnings {{ code message }} }} }} }}"""

Serve = Callable[[Sources], Awaitable[Api]]


@pytest.fixture
async def serve(dsn: str, pool: asyncpg.Pool) -> AsyncIterator[Serve]:
    """The API with these sources of the present."""
    async with AsyncExitStack() as stack:

        async def served(sources: Sources) -> Api:
            prometheus = await stack.enter_async_context(open_prometheus(sources))
            opened = asynccontextmanager(serving)(dsn, pool, realtime=prometheus.realtime)
            return await stack.enter_async_context(opened)

        yield served


async def present(api: Api) -> dict[str, Any]:
    return (await api.ask(QUERY)).data["systemHealth"]


async def test_without_a_source_the_present_is_null_and_the_rest_stands(api: Api) -> None:
    await api.store(demo_events())
    found = await present(api)
    assert found["realtime"] is None
    assert [each["code"] for each in found["meta"]["warnings"]] == ["PROMETHEUS_NOT_CONFIGURED"]
    assert found["overview"]["requests"] > 0


async def test_rates_are_over_what_was_answered_since_the_last_reading(serve: Serve) -> None:
    replies = iter(
        [
            requests_exposed(100, 0, started=NOW.timestamp() - 50),
            requests_exposed(180, 20),
            requests_exposed(30, 10),
        ]
    )

    async def counting() -> Reply:
        return Reply(next(replies))

    async with exposing(counting) as endpoint:
        api = await serve(Sources((endpoint.url,), fresh=10))
        first = (await present(api))["realtime"]
        assert first["requests"]["requestsPerSecond"] == pytest.approx(2.0)
        assert first["requests"]["errorRate"] == 0.0
        assert first["requests"]["avg"] == pytest.approx(50)
        assert first["targets"][0]["memoryBytes"] == 1.5e8
        assert first["targets"][0]["up"] is True

        kept = (await present(api))["realtime"]
        assert kept["cached"] is True and kept["requests"] == first["requests"]
        assert len(endpoint.asked) == 1

        api.now += timedelta(seconds=20)
        second = (await present(api))["realtime"]
        assert second["cached"] is False and second["seconds"] == 20
        assert second["requests"] == {
            "requestsPerSecond": pytest.approx(5.0),
            "errorRate": pytest.approx(0.2),
            "avg": pytest.approx((80 * 50 + 20 * 400) / 100),
            "p50": pytest.approx(50 / 80 * 100),
            "p95": pytest.approx(100 + 400 * (95 - 80) / 20),
            "p99": pytest.approx(100 + 400 * (99 - 80) / 20),
        }
        api.now += timedelta(seconds=20)
        begun_anew = (await present(api))["realtime"]["requests"]
        assert begun_anew["requestsPerSecond"] == pytest.approx(2.0)


async def test_requests_that_ask_together_share_one_reading(serve: Serve) -> None:
    async with exposing(always(Reply(requests_exposed(1, 0)))) as endpoint:
        api = await serve(Sources((endpoint.url,)))
        await asyncio.gather(*(present(api) for _ in range(5)))
        assert len(endpoint.asked) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (never, "no answer within 500 ms"),
        (always(Reply(status=503)), "answered 503"),
        (always(Reply(b"<html>It works!</html>")), "not an exposition"),
        (always(Reply(b"x 1\n" * (LARGEST // 4 + 1))), "more than 2,097,152 bytes"),
        (always(Reply(b"\x1f\x8b", headers=("Content-Encoding: gzip",))), "compressed"),
        (always(Reply(status=302, headers=("Location: http://169.254.0.1/",))), "answered 302"),
    ],
)
async def test_an_endpoint_in_trouble_is_named_and_the_rest_stands(
    serve: Serve, answer: Callable[[], Awaitable[Reply]], said: str
) -> None:
    async with exposing(answer) as bad, exposing(always(Reply(requests_exposed(9, 1)))) as good:
        with_password = bad.url.replace("http://", "http://reader:hunter2@")
        api = await serve(Sources((with_password, good.url)))
        await api.store(demo_events())
        found = await present(api)
    (warning,) = found["meta"]["warnings"]
    assert warning["code"] == "PROMETHEUS_UNAVAILABLE"
    assert warning["message"].startswith(f"{bad.url}: ") and said in warning["message"]
    assert "hunter2" not in json.dumps(found)
    assert [each["up"] for each in found["realtime"]["targets"]] == [False, True]
    assert found["realtime"]["requests"]["errorRate"] == pytest.approx(0.1)
    assert found["overview"]["requests"] > 0


async def test_an_address_where_nobody_listens_is_named(serve: Serve) -> None:
    api = await serve(Sources((f"http://127.0.0.1:{free_port()}/metrics",)))
    found = await present(api)
    assert found["realtime"]["targets"][0]["error"] == "cannot be reached"
    assert found["realtime"]["requests"] is None


async def test_trouble_is_not_kept_as_long_as_an_answer(serve: Serve) -> None:
    replies = iter([Reply(status=500), Reply(requests_exposed(1, 0))])

    async def mending() -> Reply:
        return next(replies)

    async with exposing(mending) as endpoint:
        api = await serve(Sources((endpoint.url,), fresh=60))
        assert (await present(api))["realtime"]["targets"][0]["up"] is False
        api.now += timedelta(seconds=6)
        assert (await present(api))["realtime"]["targets"][0]["up"] is True


@pytest.mark.parametrize("late", [1, 20])
async def test_many_late_endpoints_take_no_longer_than_one(serve: Serve, late: int) -> None:
    async with exposing(never) as endpoint:
        api = await serve(Sources((endpoint.url,) * late, seconds=0.05))
        found = await asyncio.wait_for(present(api), timeout=5)
    assert all("50 ms" in each["error"] for each in found["realtime"]["targets"])


@pytest.mark.parametrize(
    ("name", "content_type", "samples"),
    [
        ("alltypes.237mfs.prom.txt", TEXT, 1857),
        ("alltypes.237mfs.nometa.prom.txt", TEXT, 1857),
        ("alltypes.5mfs.om.txt", OPENMETRICS, 53),
        ("1histogram.om.txt", OPENMETRICS, 42),
        ("1histogram.om.txt", "application/octet-stream", 42),
    ],
)
async def test_real_expositions_are_read(
    serve: Serve, shared_data: Path, name: str, content_type: str, samples: int
) -> None:
    body = (shared_data / "prom_exposition" / name).read_bytes()
    (first, *_) = parse_exposition(body.decode(), content_type)
    async with exposing(always(Reply(body, content_type))) as endpoint:
        api = await serve(Sources((endpoint.url,), seconds=10))
        answered = await api.ask(
            f"""query ($names: [String!]!) {{ systemHealth(range: {RANGE}) {{ realtime {{
              targets {{ up sampleCount }}
              samples(names: $names, first: 1) {{ name labels value }} }} }} }}""",
            names=[first.name],
        )
    found = answered.data["systemHealth"]["realtime"]
    assert found["targets"] == [{"up": True, "sampleCount": samples}]
    assert found["samples"] == [
        {"name": first.name, "labels": dict(first.labels), "value": first.value}
    ]
    assert "application/openmetrics-text" in endpoint.asked[0]


async def test_a_real_histogram_gives_its_quantiles(serve: Serve, shared_data: Path) -> None:
    body = (shared_data / "prom_exposition" / "alltypes.237mfs.prom.txt").read_bytes()
    async with exposing(always(Reply(body))) as endpoint:
        sources = Sources(
            (endpoint.url,), histogram="prometheus_http_request_duration_seconds", seconds=10
        )
        found = (await present(await serve(sources)))["realtime"]["requests"]
    totals: dict[float, float] = {}
    for each in parse_exposition(body.decode()):
        if each.name == "prometheus_http_request_duration_seconds_bucket":
            bound = float(each.label("le") or "inf")
            totals[bound] = totals.get(bound, 0) + each.value
    for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        rank = q * totals[float("inf")]
        upper = min(bound for bound, count in totals.items() if count >= rank)
        lower = max((bound for bound, count in totals.items() if count < rank), default=0.0)
        assert lower * 1000 <= found[name] <= upper * 1000


async def test_the_application_asks_the_endpoints_that_its_settings_name(
    dsn: str, redis_url: str
) -> None:
    async with (
        exposing(always(Reply(requests_exposed(3, 1)))) as endpoint,
        asking(dsn, redis_url, prometheus_targets=(endpoint.url,)) as asker,
    ):
        found = await asker.ask(QUERY)
    assert found["systemHealth"]["realtime"]["requests"]["errorRate"] == pytest.approx(0.25)


class FakeServer:
    """A Prometheus server's query API, with the shape of its real answers."""

    def __init__(self, values: dict[str, float]) -> None:
        self.values = values
        self.asked: list[str] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readuntil(b"\r\n\r\n")).decode().split()[1]
        query = parse_qs(urlsplit(line).query)["query"][0]
        self.asked.append(query)
        name = next(name for name, text in queries("h").items() if text == query)
        metric = {"job": "shop", "instance": "10.0.0.1:80"} if name == "up" else {}
        value = self.values.get(name)
        result = [] if value is None else [{"metric": metric, "value": [1.0, str(value)]}]
        body = json.dumps(
            {"status": "success", "data": {"resultType": "vector", "result": result}}
        ).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()


async def test_a_server_is_asked_for_rates_and_targets(serve: Serve) -> None:
    fake = FakeServer({"up": 1, "requests": 20.0, "errors": 1.0, "seconds": 2.0, "p95": 0.3})
    server = await asyncio.start_server(fake.handle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    found = (await present(await serve(Sources(server=url, histogram="h"))))["realtime"]
    server.close()
    assert found["source"] == "server" and found["seconds"] == 300
    assert found["requests"] == {
        "requestsPerSecond": 20.0,
        "errorRate": 0.05,
        "avg": 100.0,
        "p50": None,
        "p95": 300.0,
        "p99": None,
    }
    assert [(each["name"], each["up"]) for each in found["targets"]] == [("shop/10.0.0.1:80", True)]
    assert sorted(fake.asked) == sorted(queries("h").values())


async def test_a_server_that_is_down_leaves_what_the_endpoints_say(serve: Serve) -> None:
    server = f"http://127.0.0.1:{free_port()}"
    async with exposing(always(Reply(requests_exposed(3, 1)))) as endpoint:
        found = await present(await serve(Sources((endpoint.url,), server)))
    assert found["realtime"]["source"] == "targets"
    assert found["realtime"]["requests"]["errorRate"] == pytest.approx(0.25)
    (warning,) = found["meta"]["warnings"]
    assert warning["code"] == "PROMETHEUS_UNAVAILABLE" and server in warning["message"]


PROMETHEUS = shutil.which("prometheus") or shutil.which("/usr/bin/prometheus")


@pytest.mark.skipif(PROMETHEUS is None, reason="no prometheus program on this machine")
async def test_a_real_server_answers_what_it_scraped(serve: Serve, tmp_path: Path) -> None:
    answered = 0

    async def counting() -> Reply:
        nonlocal answered
        answered += 10
        return Reply(requests_exposed(answered * 4, answered))

    port = free_port()
    async with exposing(counting) as endpoint:
        address = urlsplit(endpoint.url).netloc
        config = tmp_path / "prometheus.yml"
        config.write_text(
            json.dumps(
                {
                    "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms"},
                    "scrape_configs": [
                        {"job_name": "shop", "static_configs": [{"targets": [address]}]}
                    ],
                }
            )
        )
        process = await asyncio.create_subprocess_exec(
            str(PROMETHEUS),
            f"--config.file={config}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            api = await serve(Sources(server=f"http://127.0.0.1:{port}", fresh=0, seconds=5))
            found = await _scraped(api)
        finally:
            process.terminate()
            await process.wait()
    assert found["source"] == "server"
    assert found["requests"]["requestsPerSecond"] > 0
    assert found["requests"]["errorRate"] == pytest.approx(0.2, rel=0.1)
    assert found["requests"]["avg"] == pytest.approx(0.8 * 50 + 0.2 * 400, rel=0.1)
    assert 100 < found["requests"]["p95"] <= 500
    assert [(each["name"], each["up"]) for each in found["targets"]] == [(f"shop/{address}", True)]


async def _scraped(api: Api) -> dict[str, Any]:
    """The present once the server has scraped often enough for rates."""
    deadline = time.monotonic() + 30
    while True:
        found = (await present(api))["realtime"]
        if found["requests"] and found["requests"]["requestsPerSecond"]:
            return found
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.1)
