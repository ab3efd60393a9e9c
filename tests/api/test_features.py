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
_PATH = re.compile(r"`(?P<path>[a-zA-Z0-9]+(?:\.[a-zA-Z0-9]+)*)[ ({`]")


def paths() -> list[str]:
    """The field that each row names first, as business.overview; rows about arguments name none."""
    roots = schema()._schema.query_type
    assert roots is not None
    found = (_PATH.match(_CELL.split(row)[-2].strip()) for row in ROWS)
    named = [match["path"] for match in found if match]
    return [path for path in named if path.split(".")[0] in roots.fields]


def asked(selections: SelectionSetNode, above: str = "") -> Iterator[str]:
    """Every field of a selection, with the fields above it."""
    for node in selections.selections:
        if isinstance(node, FieldNode):
            path = f"{above}.{node.name.value}".lstrip(".")
            yield path
            if node.selection_set is not None:
                yield from asked(node.selection_set, path)


def test_each_field_that_is_named_exists() -> None:
    assert len(paths()) >= 15
    for path in paths():
        parent = schema()._schema.query_type
        for name in path.split("."):
            assert isinstance(parent, GraphQLObjectType) and name in parent.fields, path
            shown = get_named_type(parent.fields[name].type)
            parent = shown if isinstance(shown, GraphQLObjectType) else None


def test_each_field_that_is_named_is_asked_for_by_an_example() -> None:
    selected = {
        path
        for example in EXAMPLES
        for definition in parse(example).definitions
        if isinstance(definition, OperationDefinitionNode)
        for path in asked(definition.selection_set)
    }
    assert [path for path in paths() if path not in selected] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
async def test_each_example_runs(api: Api, example: str) -> None:
    await api.store(demo_events())
    answered = await api.ask(example)
    assert answered.codes == [], answered.body
