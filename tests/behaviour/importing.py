"""`tidemark import` for tests: the real command, and questions to the API about what it stored."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.asgi import open_web
from app.settings import Settings
from app.state import open_state
from domain.callers import Role
from tests.tokens import token_of

SECRET = "a secret of tests that is long enough"
REJECTED = 3


@dataclass(frozen=True, slots=True)
class Importer:
    """Runs `tidemark import` on a database."""

    dsn: str
    folder: Path

    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {**kept, "DATABASE_URL": self.dsn, "TIDEMARK_HOME": str(self.folder / "home")}

    def start(self, *arguments: str | Path, **settings: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "app.cli", *map(str, arguments)],
            cwd=Path(__file__).parents[2],
            env={**self.environment(), **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str | Path, code: int = 0, **settings: str) -> str:
        """What the command says, on either stream; the test fails where it ends with another code."""
        process = self.start(*arguments, **settings)
        said, complaints = process.communicate()
        assert process.returncode == code, f"{process.returncode}: {said}{complaints}"
        return said + complaints


@dataclass(frozen=True, slots=True)
class Asker:
    """A caller of the API."""

    client: httpx.AsyncClient

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        answered = await self.client.post(
            "/graphql", json={"query": query, "variables": variables}, timeout=300
        )
        body = answered.json()
        assert "errors" not in body, body
        data: dict[str, Any] = body["data"]
        return data

    async def breakdown(
        self, event_type: str, dimension: str, between: tuple[str, str], measures: str
    ) -> dict[str | None, dict[str, Any]]:
        """Measures by key."""
        found = await self.ask(
            "query ($type: String!, $dimension: String!, $range: RangeInput!) {"
            " breakdown(eventType: $type, dimension: $dimension, range: $range, first: 100) {"
            f" rows {{ key aggregates {{ {measures} }} }} }} }}",
            type=event_type,
            dimension=dimension,
            range=spanning(between),
        )
        return {row["key"]: row["aggregates"] for row in found["breakdown"]["rows"]}


def spanning(between: tuple[str, str]) -> dict[str, Any]:
    start, end = between
    return {"between": {"from": f"{start}T00:00:00Z", "to": f"{end}T00:00:00Z"}}


@asynccontextmanager
async def asking(dsn: str, redis_url: str, **others: Any) -> AsyncIterator[Asker]:
    """The whole application in this process, with other settings if given, asked as an administrator."""
    settings = Settings(
        _env_file=None,
        database_url=dsn,
        redis_url=redis_url,
        jwt_secret=SECRET,
        log_level="error",
        **others,
    )
    token = token_of(settings, Role.ADMIN)
    async with open_state(settings, "api") as state, open_web(state) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(
            transport=transport,
            base_url="http://tidemark",
            headers={"Authorization": f"Bearer {token}"},
        ) as client:
            yield Asker(client)
