"""Named SQL: every statement of `db/queries/*.sql` by its name."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

QUERIES_DIR = Path(__file__).parent / "queries"

_NAME = re.compile(r"^-- name:[ \t]*(?P<name>\w+)[ \t]*$", re.MULTILINE)


@cache
def load(area: str) -> Mapping[str, str]:
    """The statements of `queries/<area>.sql` by name, without their trailing semicolon."""
    return MappingProxyType(parse(area, (QUERIES_DIR / f"{area}.sql").read_text("utf-8")))


def parse(area: str, text: str) -> dict[str, str]:
    """Statements by name; each keeps its description as a comment, so that server logs show it."""
    head, *rest = _NAME.split(text)
    if _without_comments(head):
        raise ValueError(f"queries/{area}.sql has SQL before the first '-- name:' line")
    found: dict[str, str] = {}
    for name, body in zip(rest[::2], rest[1::2], strict=True):
        if name in found:
            raise ValueError(f"queries/{area}.sql names {name!r} twice")
        if not _without_comments(body):
            raise ValueError(f"queries/{area}.sql has no SQL for {name!r}")
        found[name] = body.strip().removesuffix(";")
    return found


def areas() -> list[str]:
    """Every area that has a file."""
    return sorted(path.stem for path in QUERIES_DIR.glob("*.sql"))


def _without_comments(text: str) -> str:
    return "\n".join(
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("--")
    )
