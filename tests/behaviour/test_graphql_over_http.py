"""The audits of GraphQL over HTTP by the reference implementation, against the real process."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest

from tests.behaviour.npm import installed
from tests.behaviour.tidemark import running

AUDIT = Path(__file__).with_name("audit.mjs")
PACKAGES = ("graphql-http@1.23.1", "graphql@16.15.0")
SECRET = "a secret of the tests alone, long enough"
_PATIENCE = 120


@pytest.fixture(scope="session")
def packages() -> Path:
    """The audits' packages."""
    return installed("tidemark-audits", *PACKAGES)


def test_all_audits_pass_without_a_warning(packages: Path, tmp_path: Path) -> None:
    claims = {"sub": "auditor", "role": "admin", "exp": datetime.now(UTC) + timedelta(hours=1)}
    token = jwt.encode(claims, SECRET, algorithm="HS256")
    with running(tmp_path, JWT_SECRET=SECRET) as tidemark:
        done = subprocess.run(
            ["node", str(AUDIT), str(packages), f"{tidemark.url}/graphql", token],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=True,
        )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each for each in results if each["status"] != "ok"] == []
    assert len(results) == 61
