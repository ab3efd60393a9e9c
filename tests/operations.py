"""Operations made at random from a schema: well formed, half of them with values that are odd or wrong.

The other half are calm: few fields and usual values, so that they get as far as an answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    is_leaf_type,
)

Given = GraphQLArgument | GraphQLInputField

_DEPTH = 6
_NAMES = (
    "click",
    "order",
    "api_request",
    "ml_job",
    "*",
    "path",
    "currency",
    "durationMs",
    "value",
    "provider",
)
_TEXTS = (
    *_NAMES, "", " ", "\0", "é", "😀", "a" * 600, "'; DROP TABLE rollups; --", "null", "0", "-1", "EUR",
    "Europe/Berlin", "Mars/Olympus", "P7D", "PT1H", "P0D", "2026-03-09T00:00:00Z",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "not a date", "1e400", "19.99", "{}", "\ud7ff",
)  # fmt: skip
_INTEGERS = (0, 1, 2, 10, 100, -1, 1_000, 1_001, 2**31 - 1, -(2**31), 2**31, 2**53 + 1)
_FLOATS = (0.0, 0.5, 0.95, 1.0, -0.1, 1e300, 5e-324)
_INSTANTS = (
    "2026-03-01T00:00:00Z", "2026-03-09T00:00:00Z", "2026-03-10T11:30:00Z", "2026-03-10T12:00:00+05:45",
    "1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59.999999Z", "2026-02-30T00:00:00Z",
)  # fmt: skip
_LENGTHS = (
    "PT1H",
    "PT24H",
    "P1D",
    "P7D",
    "P30D",
    "P1Y",
    "P10Y",
    "P1M",
    "PT0S",
    "P1",
    "-P1D",
    "P99999999D",
)
_CALM: Mapping[str, tuple[Any, ...]] = {
    "Int": (1, 2, 10, 100),
    "Long": (1, 2, 10, 100),
    "Float": (0.5, 0.95),
    "DateTime": _INSTANTS[:4],
    "Duration": _LENGTHS[:5],
    "TimeZone": ("UTC", "Asia/Kathmandu"),
}
_WRONG: tuple[Any, ...] = (None, True, 7, -0.5, "text", [], {}, [[]], {"a": [None]}, [1, "x"])


@dataclass(frozen=True, slots=True)
class Asked:
    """A document and its variables."""

    query: str
    variables: Mapping[str, Any]


@dataclass
class Operations:
    """Makes them; the same for the same seed."""

    schema: GraphQLSchema
    random: Random
    _variables: dict[str, tuple[str, Any]] = field(default_factory=dict)
    _calm: bool = False

    def make(self) -> Asked:
        self._variables = {}
        self._calm = self.random.random() < 0.5
        mutation = self.schema.mutation_type
        kind = "mutation" if mutation and self.random.random() < 0.15 else "query"
        root = mutation if kind == "mutation" else self.schema.query_type
        assert root is not None
        body = self._selection(root, 0, most=1 if kind == "mutation" or self._calm else 3)
        declared = ", ".join(f"${name}: {kind}" for name, (kind, _) in self._variables.items())
        given = {
            name: value for name, (_, value) in self._variables.items() if value is not Undefined
        }
        return Asked(f"{kind} {f'({declared})' if declared else ''} {body}", given)

    def _selection(self, parent: GraphQLObjectType, depth: int, most: int = 4) -> str:
        names = self.random.sample(sorted(parent.fields), min(most, len(parent.fields)))
        chosen = [self._field(name, parent.fields[name], depth) for name in names]
        found = [each for each in chosen if each] or ["__typename"]
        if self.random.random() < 0.1:
            found.append(f"... on {parent.name} {{ __typename }}")
        return "{ " + " ".join(found) + " }"

    def _field(self, name: str, known: GraphQLField, depth: int) -> str:
        shown = get_named_type(known.type)
        if depth >= _DEPTH and not is_leaf_type(shown):
            return ""
        below = self._selection(shown, depth + 1) if isinstance(shown, GraphQLObjectType) else ""
        alias = (
            f"a{self.random.randrange(1_000_000)}: "
            if self.random.random() < (0.1 if self._calm else 0.5)
            else ""
        )
        skipped = f" @skip(if: {self.random.choice(('true', 'false'))})"
        directive = skipped if self.random.random() < 0.05 else ""
        return f"{alias}{name}{self._arguments(known.args)}{directive} {below}"

    def _arguments(self, known: Mapping[str, GraphQLArgument]) -> str:
        given = [
            f"{name}: ${self._variable(each)}"
            for name, each in known.items()
            if isinstance(each.type, GraphQLNonNull) or self.random.random() < 0.3
        ]
        return f"({', '.join(given)})" if given else ""

    def _variable(self, known: Given) -> str:
        name = f"v{len(self._variables)}"
        self._variables[name] = (str(known.type), self._value(known.type, 0))
        return name

    def _value(self, kind: Any, depth: int) -> Any:
        if not self._calm and self.random.random() < 0.03:
            return self.random.choice(_WRONG)
        if isinstance(kind, GraphQLNonNull):
            return self._value(kind.of_type, depth)
        if not self._calm and self.random.random() < 0.1:
            return None
        if isinstance(kind, GraphQLList):
            return [self._value(kind.of_type, depth + 1) for _ in range(self.random.randrange(4))]
        if isinstance(kind, GraphQLEnumType):
            return self.random.choice(list(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            return self._object(kind, depth)
        return self._scalar(kind.name)

    def _object(self, kind: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        names = list(kind.fields)
        if kind.is_one_of and self.random.random() < 0.95:
            names = [self.random.choice(names)]
        chance = 1.0 if kind.is_one_of else 0.4 / (depth + 1)
        return {
            name: self._value(kind.fields[name].type, depth + 1)
            for name in names
            if isinstance(kind.fields[name].type, GraphQLNonNull) or self.random.random() < chance
        }

    def _scalar(self, name: str) -> Any:
        if self._calm:
            return self.random.choice(_CALM.get(name, _NAMES))
        makers: Mapping[str, Callable[[], Any]] = {
            "Int": lambda: self.random.choice(_INTEGERS),
            "Long": lambda: self.random.choice(_INTEGERS),
            "Float": lambda: self.random.choice(_FLOATS),
            "Boolean": lambda: self.random.random() < 0.5,
            "DateTime": lambda: self.random.choice(_INSTANTS),
            "Duration": lambda: self.random.choice(_LENGTHS),
            "TimeZone": lambda: self.random.choice(("UTC", "Asia/Kathmandu", "Mars/Olympus", "")),
            "JSON": lambda: self.random.choice(_WRONG),
        }
        maker = makers.get(name)
        if maker is not None:
            return maker()
        return self.random.choice(_NAMES if self.random.random() < 0.7 else _TEXTS)
