"""The cost of an operation, from its document and variables alone; see domain/cost.py for the weights."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Undefined,
    get_named_type,
    is_list_type,
    is_non_null_type,
    value_from_ast_untyped,
)

from domain import cost
from domain.cost import Question
from domain.durations import parse_duration
from domain.errors import TidemarkError
from domain.limits import Limits

_SHAPING = frozenset({"range", "granularity", "groupBy", "dimension", "first"})
"""Arguments that make a field a question of its own."""

_LIST = 10
"""Objects in a list that no argument bounds."""

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk is: the question that fields belong to, and how many times the objects there come."""

    question: Question | None = None
    times: float = 1.0
    first: int = _LIST


@dataclass(slots=True)
class _Tally:
    plain: int = 0
    sketches: int = 0


@dataclass(slots=True)
class _Walk:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: dict[str, Any]
    limits: Limits
    total: float = cost.OPERATION
    tally: _Tally = field(default_factory=_Tally)

    def below(self, selections: SelectionSetNode, parent: object, place: _Place) -> None:
        for node in self.fields(selections):
            if isinstance(parent, GraphQLObjectType) and node.name.value in parent.fields:
                self.field(node, parent.fields[node.name.value], place)

    def field(self, node: FieldNode, known: GraphQLField, place: _Place) -> None:
        if node.selection_set is None:
            self.leaf(node.name.value)
            return
        asks = not _SHAPING.isdisjoint(known.args)
        arguments = self.arguments(node, known) if asks else {}
        question = self.question(arguments, place.question) if asks else place.question
        inside = replace(
            place, question=question, first=_positive(arguments.get("first")) or place.first
        )
        outer, self.tally = self.tally, _Tally() if asks else self.tally
        times = self.times(node.name.value, known, inside)
        self.total += times * cost.OBJECT
        self.below(node.selection_set, get_named_type(known.type), replace(inside, times=times))
        if asks and question is not None:
            self.total += question.price(self.tally.plain, self.tally.sketches)
        self.tally = outer

    def leaf(self, name: str) -> None:
        if name in cost.SKETCHES:
            self.tally.sketches += 1
        else:
            self.tally.plain += 1

    def times(self, name: str, known: GraphQLField, place: _Place) -> float:
        """How many objects a field gives."""
        shown = known.type.of_type if is_non_null_type(known.type) else known.type
        if not is_list_type(shown):
            return place.times
        question = place.question or Question()
        several = {"series": question.groups, "points": question.buckets}
        return place.times * several.get(name, place.first)

    def question(self, arguments: Values, around: Question | None) -> Question:
        """What a field asks for; a section's fields look at the section's range."""
        base = around or Question()
        days = days_of(arguments["range"]) if arguments.get("range") else base.days
        buckets = 1
        if arguments.get("granularity"):
            most, wanted = self.limits.points, _positive(arguments.get("maxPoints"))
            buckets = cost.buckets_in(days, str(arguments["granularity"]), wanted, most)
        grouped = arguments.get("groupBy") or arguments.get("dimension")
        compared = 2 if arguments.get("compareTo") is not None else base.periods
        return Question(days, buckets, self.limits.groups if grouped else 1, compared)

    def arguments(self, node: FieldNode, known: GraphQLField) -> dict[str, Any]:
        """Arguments as they were sent, unchecked; defaults for those that were not."""
        given = {each.name.value: self.value(each.value) for each in node.arguments or ()}
        defaults = {
            name: getattr(each.default_value, "name", each.default_value)
            for name, each in known.args.items()
            if each.default_value is not Undefined
        }
        return defaults | {name: value for name, value in given.items() if value is not Undefined}

    def commands(self, selections: SelectionSetNode) -> None:
        for node in self.fields(selections):
            items = max(
                (_items(self.value(each.value)) for each in node.arguments or ()), default=0
            )
            self.total += cost.COMMAND + items * cost.EVENT

    def value(self, node: Any) -> Any:
        return value_from_ast_untyped(node, self.variables)

    def fields(self, selections: SelectionSetNode) -> Iterator[FieldNode]:
        """The fields of a selection, fragments opened; the document's limit bounds how many there are."""
        for node in selections.selections:
            if not all(self.included(each) for each in node.directives or ()):
                continue
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                yield from self.fields(node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                yield from self.fields(self.fragments[node.name.value].selection_set)

    def included(self, directive: DirectiveNode) -> bool:
        name = directive.name.value
        if name not in ("skip", "include") or not directive.arguments:
            return True
        return self.value(directive.arguments[0].value) is not (name == "skip")


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """The operation of that name, or the only one."""
    found = [
        each
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode)
        and (name is None or (each.name is not None and each.name.value == name))
    ]
    return found[0] if len(found) == 1 else None


def cost_of(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any] | None,
    limits: Limits,
) -> int:
    """The points of a valid operation, an upper bound of what it can ask of the server."""
    walk = _Walk(schema, _fragments(document), _given(operation, variables or {}), limits)
    if operation.operation is OperationType.MUTATION:
        walk.commands(operation.selection_set)
    walk.below(operation.selection_set, schema.get_root_type(operation.operation), _Place())
    return cost.points(walk.total)


def roots_of(document: DocumentNode, operation: OperationDefinitionNode) -> frozenset[str]:
    """The names of all root fields, whether they are skipped or not."""
    walk = _Walk(GraphQLSchema(), _fragments(document), {}, Limits())
    return frozenset(each.name.value for each in walk.fields(operation.selection_set))


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }


def _given(operation: OperationDefinitionNode, variables: Values) -> dict[str, Any]:
    """The variables with the defaults of those that were not sent."""
    defaults = {
        each.variable.name.value: value_from_ast_untyped(each.default_value)
        for each in operation.variable_definitions or ()
        if each.default_value is not None
    }
    return {**defaults, **variables}


def _items(value: Any) -> int:
    """The length of the longest list of an argument or of one of its fields."""
    if isinstance(value, list):
        return len(value)
    if isinstance(value, dict):
        return max((len(each) for each in value.values() if isinstance(each, list)), default=0)
    return 0


def _positive(value: Any) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def days_of(given: Any) -> float:
    """About how many days a range covers; 0 where it is none, which the answer will say."""
    try:
        if between := given.get("between"):
            start, end = (datetime.fromisoformat(between[name]) for name in ("from", "to"))
            return max(0.0, (end - start).total_seconds() / 86_400)
        if last := given.get("last"):
            return parse_duration(last).nominal_days
        return cost.PRESET_DAYS.get(given.get("preset"), 0.0)
    except (TidemarkError, AttributeError, KeyError, TypeError, ValueError):
        return 0.0
