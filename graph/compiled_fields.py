"""How a compiled field asks its resolver: with arguments that are converted once for the same variables."""

from dataclasses import dataclass, field
from typing import Any

from graphql import (
    Executor,
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    default_field_resolver,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.pyutils import Path
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from graph.completion import Resolve, Run
from graph.selection import Selected, Selection
from graph.short_ways import OfObject, WithArguments

Arguments = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One selected field of an operation; `executor` holds the operation, for any variables."""

    converter: GraphQLCoreConverter
    executor: Executor[Any]
    parent: GraphQLObjectType
    definition: GraphQLField
    nodes: list[FieldNode]

    @property
    def name(self) -> str:
        """As errors call it."""
        return f"{self.parent}.{self.nodes[0].name.value}"

    def info(self, run: Run, given: "Given") -> GraphQLResolveInfo[Any]:
        """What a resolver may ask about the execution. Its path is the field's own part alone."""
        executor, name = self.executor, self.nodes[0].name.value
        variables: Any = given.variables.coerced
        return GraphQLResolveInfo(
            name,
            given.selected(self),
            self.definition.type,
            self.parent,
            Path(None, name, self.parent.name),
            executor.schema,
            executor.fragment_definitions,
            None,
            executor.operation,
            variables,
            run.scope,
            executor.is_awaitable,
            None,
            executor.async_helpers,
        )


@dataclass(frozen=True, slots=True)
class Given:
    """The variables of a request, and what each field makes of them, found out when it is first asked."""

    variables: VariableValues
    _arguments: dict[Field, Arguments] = field(default_factory=dict)
    _selected: dict[Field, Selected] = field(default_factory=dict)

    def arguments(self, asked: Field) -> Arguments:
        """As GraphQL knows them. Raises GraphQLError."""
        return get_argument_values(asked.definition, asked.nodes[0], self.variables)

    def converted(self, asked: Field, declared: StrawberryField) -> Arguments:
        """As the resolver takes them, which only reads them. Raises what the field then says."""
        found = self._arguments.get(asked)
        if found is None:
            converter = asked.converter
            given = self.arguments(asked)
            found = convert_arguments(
                given, declared.arguments, converter.scalar_registry, converter.config
            )
            self._arguments[asked] = found
        return found

    def selected(self, asked: Field) -> Selected:
        """The field's nodes with what is selected below them."""
        found = self._selected.get(asked)
        if found is None:
            fragments = asked.executor.fragment_definitions
            selection = Selection(tuple(asked.nodes), fragments, self.variables.coerced)
            found = self._selected[asked] = Selected(asked.nodes, selection)
        return found


def resolver_of(asked: Field, resolve: Any) -> Resolve:
    """How to ask for the field's value."""
    if isinstance(resolve, OfObject):
        return _of_object(resolve)
    if isinstance(resolve, WithArguments):
        return _direct(asked, resolve)
    return _general(asked, resolve or default_field_resolver)


def _of_object(way: OfObject) -> Resolve:
    shown = way.shown

    def resolve(source: Any, run: Run) -> Any:
        return shown(source)

    return resolve


def _direct(asked: Field, way: WithArguments) -> Resolve:
    """Around Strawberry, which would convert the arguments for each object anew."""
    declared, resolver, config = way.declared, way.resolver, asked.converter.config
    call: Any = resolver.wrapped_func
    of_own = resolver.self_parameter is not None
    sources = [each.name for each in (resolver.parent_parameter, resolver.root_parameter) if each]
    info = resolver.info_parameter.name if resolver.info_parameter else None

    def resolve(source: Any, run: Run) -> Any:
        given = run.given.converted(asked, declared).copy()
        for name in sources:
            given[name] = source
        if info is not None:
            given[info] = config.info_class(_raw_info=asked.info(run, run.given), _field=declared)
        return call(source, **given) if of_own else call(**given)

    return resolve


def _general(asked: Field, way: Any) -> Resolve:
    def resolve(source: Any, run: Run) -> Any:
        arguments = run.given.arguments(asked)
        return way(source, asked.info(run, run.given), **arguments)

    return resolve
