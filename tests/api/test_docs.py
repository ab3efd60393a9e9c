"""The manual says what the code does."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from domain.callers import Role
from domain.limits import Limits
from domain.policy import EVENT_TYPES, FIELDS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "graphql.md").read_text("utf-8")
WAYS_IN = {"ingest.py", "dead_letters.py"}
"""Their codes are those of single events."""

DOCUMENTS = [
    pytest.param(document, id=f"{page.stem}-{number}")
    for page in (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")))
    for number, document in enumerate(
        re.findall(r"```graphql\n(.*?)```", page.read_text("utf-8"), flags=re.DOTALL)
    )
]

COMMANDS = [
    pytest.param(command, id=f"{page.stem}-{number}")
    for page in (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")))
    for number, command in enumerate(
        re.findall(
            r"^curl .*?(?<!\\)\n(?=\w|```)", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
        )
    )
]

_CODE = re.compile(r'code\s*=\s*"([A-Z_]+)"')


def test_every_code_of_the_graph_is_in_the_manual() -> None:
    sources = [*ROOT.glob("graph/**/*.py"), *ROOT.glob("resolvers/*.py"), ROOT / "domain/limits.py"]
    used = {
        code
        for path in sources
        if path.name not in WAYS_IN
        for code in _CODE.findall(path.read_text())
    }
    assert {code for code in used if f"`{code}`" not in TEXT} == {"OVER_LIMIT"} & used


def test_every_limit_is_in_the_manual_with_its_number() -> None:
    for each in fields(Limits):
        line = next(line for line in TEXT.splitlines() if f"`{each.name}`" in line)
        assert (
            f"{getattr(Limits(), each.name):,g}" in line
            or f"{getattr(Limits(), each.name):,}" in line
        )


def test_every_role_type_and_root_field_is_in_the_manual() -> None:
    names = {name.partition(".")[2] for name in FIELDS if "." in name}
    assert all(f"`{name}`" in TEXT for name in names)
    assert all(role.value in TEXT for role in Role)
    assert all(name in TEXT for name in EVENT_TYPES)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_document_in_the_manual_is_valid(document: str) -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text("utf-8"))
    assert validate(schema, parse(document)) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_to_paste_sends_what_can_be_read(command: str) -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text("utf-8"))
    documents = re.findall(r"--data-urlencode 'query=(.*?)'", command, re.DOTALL)
    for body in re.findall(r" -d '(.*?)'", command, re.DOTALL):
        sent = json.loads(body)
        documents += [sent["query"]] if "query" in sent else []
    for document in documents:
        assert validate(schema, parse(document)) == []
