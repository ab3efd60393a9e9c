"""The schema as a contract: checked in, described, and only ever added to."""

import tomllib
from pathlib import Path

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, build_schema

from graph.evolution import breaking_changes
from graph.permissions import own_fields
from graph.schema import schema, schema_text

ROOT = Path(__file__).resolve().parents[2]
RELEASED = ROOT / "schema.released.graphql"


def test_the_checked_in_schema_is_the_served_one() -> None:
    written = (ROOT / "schema.graphql").read_text("utf-8")
    assert written == schema_text(), "run `tidemark schema > schema.graphql`"


def test_nothing_of_the_released_schema_is_broken() -> None:
    broken = breaking_changes(RELEASED.read_text("utf-8"), schema_text())
    assert not broken, "clients of the last release would stumble:\n" + "\n".join(broken)


def test_the_release_has_its_page_in_the_changelog() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert f"\n## {version} – " in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_everything_is_described() -> None:
    missing = []
    for name, each in schema()._schema.type_map.items():
        if name.startswith("__") or name in ("String", "Int", "Float", "Boolean", "ID"):
            continue
        if not each.description:
            missing.append(name)
        if isinstance(each, GraphQLEnumType):
            missing += [f"{name}.{v}" for v, it in each.values.items() if not it.description]
        if isinstance(each, GraphQLInputObjectType):
            missing += [f"{name}.{f}" for f, it in each.fields.items() if not it.description]
        if isinstance(each, GraphQLObjectType):
            for field_name, field in each.fields.items():
                if not field.description:
                    missing.append(f"{name}.{field_name}")
                missing += [
                    f"{name}.{field_name}({arg})"
                    for arg, it in field.args.items()
                    if not it.description
                ]
    assert missing == []


def test_the_text_is_a_schema_of_the_same_fields() -> None:
    rebuilt = build_schema(schema_text())
    names = {(type_name, name) for type_name, name, _ in own_fields(rebuilt)}
    assert names == {(type_name, name) for type_name, name, _ in own_fields(schema()._schema)}


@pytest.mark.parametrize(
    ("after", "problem"),
    [
        ("type Query { a: Int b(x: Int): Int }", None),
        ("type Query { a: Int }", "b"),
        ("type Query { a: String b: Int }", "a"),
        ("type Query { a: Int b(x: Int!): Int }", "x"),
        ('type Query { a: Int b: Int @deprecated(reason: "2027-01-31: use a.") }', None),
        ('type Query { a: Int b: Int @deprecated(reason: "use a") }', "date"),
    ],
)
def test_only_additions_and_dated_deprecations_pass(after: str, problem: str | None) -> None:
    found = breaking_changes("type Query { a: Int b: Int }", after)
    assert (found == []) if problem is None else (len(found) == 1 and problem in found[0])
