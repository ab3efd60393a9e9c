"""docs/features.md: each field that it names is there and asked for by an example; each example runs."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    FieldNode,
    GraphQLObjectType,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    parse,
)

from graph.schema import schema
from tests.api.conftest import Api
from tests.api.demo_events import demo_events

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "features.md").read_text("utf-8")
EXAMPLES = re.findall(r"```graphql\n(.*?)```", TEXT, flags=re.DOTALL)
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("|--")]
_CELL = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"`([^`]+)`")
_ARGUMENTS = re.compile(r"\([^()]*\)")


def selected(cell: str) -> Iterator[str]:
    """The fields that a cell names first, as business.overview.revenue; about arguments, none."""
    code = _CODE.match(cell)
    if code is None:
        return
    above, brace, inside = _ARGUMENTS.sub("", code[1]).partition("{")
    names = above.strip().split(".")
    if names[0] in query_type().fields:
        nested = " { ".join(names) + f" {brace}{inside}" + " }" * (len(names) - 1)
        yield from fields(f"{{ {nested} }}")


def fields(text: str) -> Iterator[str]:
    for definition in parse(text).definitions:
        if isinstance(definition, OperationDefinitionNode):
            yield from asked(definition.selection_set)


def paths() -> list[str]:
    return [path for row in ROWS for path in selected(_CELL.split(row)[-2].strip())]


def query_type() -> GraphQLObjectType:
    found = schema()._schema.query_type
    assert found is not None
    return found


def asked(selections: SelectionSetNode, above: str = "") -> Iterator[str]:
    """Every field of a selection, with the fields above it."""
    for node in selections.selections:
        if isinstance(node, FieldNode):
            path = f"{above}.{node.name.value}".lstrip(".")
            yield path
            if node.selection_set is not None:
                yield from asked(node.selection_set, path)


def test_each_field_that_is_named_exists() -> None:
    assert len(paths()) >= 150
    for path in paths():
        parent: GraphQLObjectType | None = query_type()
        for name in path.split("."):
            assert parent is not None and name in parent.fields, path
            shown = get_named_type(parent.fields[name].type)
            parent = shown if isinstance(shown, GraphQLObjectType) else None


def test_each_field_that_is_named_is_asked_for_by_an_example() -> None:
    asked_for = {path for example in EXAMPLES for path in fields(example)}
    assert sorted(set(paths()) - asked_for) == []


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
async def test_each_example_runs(api: Api, example: str) -> None:
    await api.store(demo_events())
    answered = await api.ask(example)
    assert answered.codes == [], answered.body
