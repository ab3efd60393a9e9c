"""The cost of an operation, from its document and variables alone; see domain/cost.py for the weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
    Undefined,
    get_named_type,
    is_list_type,
    is_non_null_type,
)

from domain import cost
from domain.cost import Question
from domain.durations import parse_duration
from domain.errors import TidemarkError
from domain.limits import Limits
from graph.asked_operation import Operation

_SHAPING = frozenset({"range", "granularity", "groupBy", "dimension", "first", "window"})
"""Arguments that make a field a question of its own."""

_LIST = 10
"""Objects in a list that no argument bounds."""

Values = Mapping[str, Any]


def cost_of(schema: GraphQLSchema, operation: Operation, limits: Limits) -> int:
    """The points of a valid operation: about the most that it can ask of the server."""
    walk = _Walk(operation, limits)
    if operation.kind is OperationType.MUTATION:
        walk.commands()
    walk.below(operation.node, schema.get_root_type(operation.kind), _Place())
    return cost.points(walk.total)


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

    def count(self, name: str) -> None:
        if name in cost.SKETCHES:
            self.sketches += 1
        else:
            self.plain += 1


@dataclass(slots=True)
class _Walk:
    operation: Operation
    limits: Limits
    total: float = cost.OPERATION
    tally: _Tally = field(default_factory=_Tally)

    def commands(self) -> None:
        for node in self.operation.fields(self.operation.node.selection_set):
            given = (self.operation.value(each.value) for each in node.arguments or ())
            self.total += cost.COMMAND + cost.EVENT * max(map(_items, given), default=0)

    def below(self, node: Any, parent: object, place: _Place) -> None:
        """Every field that is selected in a node whose type is `parent`."""
        for each in self.operation.fields(node.selection_set):
            if isinstance(parent, GraphQLObjectType) and each.name.value in parent.fields:
                self.field(each, parent.fields[each.name.value], place)

    def field(self, node: FieldNode, known: GraphQLField, place: _Place) -> None:
        if node.selection_set is None:
            self.tally.count(node.name.value)
        elif _SHAPING.isdisjoint(known.args):
            self.objects(node, known, place)
        else:
            self.question(node, known, place)

    def question(self, node: FieldNode, known: GraphQLField, place: _Place) -> None:
        arguments = self.arguments(node, known)
        asked = self.asked(arguments, place.question or Question())
        first = _positive(arguments.get("first")) or place.first
        outer, self.tally = self.tally, _Tally()
        self.objects(node, known, replace(place, question=asked, first=first))
        self.total += asked.price(self.tally.plain, self.tally.sketches)
        self.tally = outer

    def objects(self, node: FieldNode, known: GraphQLField, place: _Place) -> None:
        times = place.times * _several(node.name.value, known, place)
        self.total += times * cost.OBJECT
        self.below(node, get_named_type(known.type), replace(place, times=times))

    def asked(self, arguments: Values, around: Question) -> Question:
        """What a field asks for; fields of a section look at the section's range."""
        given = arguments.get("range")
        days = around.days if given is None else days_of(given)
        buckets = 1
        if arguments.get("granularity"):
            wanted = _positive(arguments.get("maxPoints"))
            length = str(arguments["granularity"])
            buckets = cost.buckets_in(days, length, wanted, self.limits.points)
        grouped = arguments.get("groupBy") or arguments.get("dimension") or arguments.get("by")
        compared = arguments.get("compareTo") is not None
        return Question(
            days=days,
            buckets=buckets,
            groups=self.limits.groups if grouped else 1,
            periods=2 if compared else around.periods,
        )

    def arguments(self, node: FieldNode, known: GraphQLField) -> dict[str, Any]:
        """Arguments as they were sent, and the defaults of those that were not."""
        found = {
            name: getattr(each.default_value, "name", each.default_value)
            for name, each in known.args.items()
            if each.default_value is not Undefined
        }
        for argument in node.arguments or ():
            value = self.operation.value(argument.value)
            if value is not Undefined:
                found[argument.name.value] = value
        return found


def _several(name: str, known: GraphQLField, place: _Place) -> float:
    """How many objects one field gives."""
    shown = known.type.of_type if is_non_null_type(known.type) else known.type
    if not is_list_type(shown):
        return 1
    question = place.question or Question()
    return {"series": question.groups, "points": question.buckets}.get(name, place.first)


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
