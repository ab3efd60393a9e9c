"""Queries compiled: what an operation selects is looked up once and then answered by plain functions.

What `graphql.execution` finds out anew for each execution and each object (collected fields, resolvers,
types) depends on the document and the role alone, and on the variables where @skip and @include name them.
Here it is found out once; what is left is to ask the resolvers. The answers and their errors are the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    Executor,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import (
    FieldDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from strawberry.types.execution import ExecutionResult

from domain.callers import Role
from graph import completion
from graph.asked_operation import response_key
from graph.compiled_fields import Field, Given, resolver_of
from graph.completion import Answer, Complete, Place, Run
from graph.permissions import Guarded
from graph.requests import GraphQLRequest
from graph.schema import TidemarkSchema
from graph.short_ways import OfObject
from resolvers.scope import Scope

_TYPENAME = "__typename"
_KEPT = 128
"""Compiled operations; that of a dashboard takes 90 kB."""


class _NotCompiled(Exception):
    """The operation has something that only `graphql.execution` answers."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """One query of one role with its variables, ready to be executed again and again."""

    complete: Complete
    given: Given

    async def execute(self, scope: Scope) -> ExecutionResult:
        """The answer, as `graphql.execution` gives it. `scope` is of a caller with the role."""
        scope.loaders.beginnings.counted = True
        run = Run(scope, self.given)
        try:
            found = self.complete(_ROOT, run, None)
            data = found if isinstance(found, dict) else await found
        except GraphQLError as error:
            run.add(error, None)
            data = None
        return ExecutionResult(data, run.errors or None)


_ROOT = object()
"""Stands for the value that root fields are fields of; none of them looks at it."""


def compiled(
    schema: TidemarkSchema, document: DocumentNode, asked: GraphQLRequest, text: str, role: Role
) -> Compiled | None:
    """A valid operation; None where it is no query, has faulty variables or asks about the schema."""
    executor = Executor.build(
        schema._schema,
        document,
        raw_variable_values=asked.variables,
        operation_name=asked.operation_name,
    )
    if isinstance(executor, list) or executor.operation.operation is not OperationType.QUERY:
        return None
    values = executor.variable_values
    switches = tuple((name, values.coerced.get(name)) for name in _switches(document))
    complete = _complete(
        _Asked(text, asked.operation_name, role, switches, id(schema), schema, executor)
    )
    return None if complete is None else Compiled(complete, Given(values))


@dataclass(frozen=True, slots=True)
class _Asked:
    """An operation; equal where its fields are the same. `switches` are variables that leave some out."""

    text: str
    name: str | None
    role: Role
    switches: tuple[tuple[str, Any], ...]
    schema_id: int
    schema: TidemarkSchema = field(compare=False)
    executor: Executor[Any] = field(compare=False)


@lru_cache(maxsize=_KEPT)
def _complete(asked: _Asked) -> Complete | None:
    root = asked.schema._schema.query_type
    if root is None or asked.executor.operation.directives:
        return None
    try:
        return _Compiling(asked).root(root)
    except _NotCompiled:
        return None


def _switches(document: DocumentNode) -> Iterable[str]:
    """The variables that directives of the document name."""
    found: set[str] = set()
    for each in document.definitions:
        if isinstance(each, OperationDefinitionNode | FragmentDefinitionNode):
            found.update(_switches_below(each.selection_set))
    return sorted(found)


def _switches_below(selected: SelectionSetNode) -> Iterator[str]:
    for node in selected.selections:
        for directive in node.directives or ():
            for argument in directive.arguments or ():
                if isinstance(argument.value, VariableNode):
                    yield argument.value.name.value
        if isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set is not None:
            yield from _switches_below(node.selection_set)


class _Compiling:
    """One operation on its way."""

    def __init__(self, asked: _Asked) -> None:
        self._converter = asked.schema.schema_converter
        self._executor = asked.executor
        self._role = asked.role

    def root(self, kind: GraphQLObjectType) -> Complete:
        """The whole answer."""
        known = self._executor
        collected = collect_fields(
            known.schema, known.fragments, known.variable_values, kind, known.operation
        )
        return self._object(kind, collected.grouped_field_set)

    def _object(self, kind: GraphQLObjectType, selected: GroupedFieldSet) -> Complete:
        if kind.is_type_of is not None:
            raise _NotCompiled
        return completion.shaped(tuple(self._fields(kind, selected)))

    def _fields(
        self, kind: GraphQLObjectType, selected: GroupedFieldSet
    ) -> Iterator[tuple[str, Answer]]:
        for details in selected.values():
            node = details[0].node
            key, name = response_key(node), node.name.value
            if name == _TYPENAME:
                yield key, _always(kind.name)
            elif name in kind.fields:
                yield key, self._field(key, kind, kind.fields[name], details)
            else:
                raise _NotCompiled

    def _field(
        self,
        key: str,
        kind: GraphQLObjectType,
        definition: GraphQLField,
        details: Sequence[FieldDetails],
    ) -> Answer:
        nodes = [each.node for each in details]
        place = Place(nodes, strict=is_non_null_type(definition.type))
        asked = Field(self._converter, self._executor, kind, definition, nodes)
        complete = self._completion(definition.type, details, asked.name)
        resolve = definition.resolve
        if isinstance(resolve, Guarded) and self._role in resolve.roles:
            resolve = resolve.resolve
        if isinstance(resolve, OfObject) and is_leaf_type(get_named_type(definition.type)):
            return completion.simple(key, place, resolve.shown, complete)
        return completion.resolved(key, place, resolver_of(asked, resolve), complete)

    def _completion(self, kind: Any, details: Sequence[FieldDetails], name: str) -> Complete:
        if is_non_null_type(kind):
            return completion.strict(self._completion(kind.of_type, details, name), name)
        if is_list_type(kind):
            nodes = [each.node for each in details]
            item = Place(nodes, strict=is_non_null_type(kind.of_type))
            return completion.listed(self._completion(kind.of_type, details, name), item, name)
        if is_leaf_type(kind):
            return completion.leaf(kind)
        if is_object_type(kind):
            return self._object(kind, self._below(kind, details))
        raise _NotCompiled

    def _below(self, kind: GraphQLObjectType, details: Sequence[FieldDetails]) -> GroupedFieldSet:
        known = self._executor
        return collect_subfields(
            known.schema,
            known.fragments,
            known.variable_values,
            known.operation,
            kind,
            [*details],
        ).grouped_field_set


def _always(value: str) -> Answer:
    def answer(source: Any, run: Run, around: Any) -> str:
        return value

    return answer
