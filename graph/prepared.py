"""What is known of a request before anything is read: its document, its cost, whether its answer is kept.

All of it depends on the request's bytes and the caller's role alone and is found out once for both.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property

import orjson
from graphql import DocumentNode, OperationType

from domain.callers import Role
from domain.freshness import keeping_of
from domain.limits import Limits
from graph.asked_operation import Operation, operation_of
from graph.compiled import Compiled, compiled
from graph.cost import cost_of
from graph.documents import checked
from graph.marks import Mark, marks_of
from graph.requests import GraphQLRequest
from graph.schema import TidemarkSchema
from resolvers.kept_answers import Question

_MOST = 1_000
_LONGEST = 16_384
"""How many requests are remembered, and of how many bytes each may be."""


@dataclass(frozen=True)
class Prepared:
    """`text` is the document; `operation` None: it is not valid, which its execution will say.

    `question` None: the answer is not kept.
    """

    schema: TidemarkSchema
    role: Role
    asked: GraphQLRequest
    text: str
    document: DocumentNode | None
    operation: Operation | None
    cost: int
    question: Question | None

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """Where the answer says whether it was kept."""
        return marks_of(self.schema._schema, self.operation) if self.operation else ()

    @cached_property
    def compiled(self) -> Compiled | None:
        """How it is answered, for this role alone; None: as GraphQL's own execution does."""
        if self.document is None or self.operation is None:
            return None
        return compiled(self.schema, self.document, self.asked, self.text, self.role)


@dataclass(frozen=True, slots=True)
class Preparing:
    """What requests are held against. `edition` changes whenever an answer could without its data."""

    schema: TidemarkSchema
    limits: Limits
    edition: str

    def prepared(
        self, asked: GraphQLRequest, text: str, role: Role, *, introspection: bool
    ) -> Prepared:
        """What there is to know of a request of this role."""
        found = checked(self.schema._schema, text, self.limits, introspection=introspection)
        operation = None
        if found.document is not None and not found.errors:
            operation = operation_of(found.document, asked.operation_name, asked.variables)
        if operation is None:
            return Prepared(self.schema, role, asked, text, None, None, 1, None)
        cost = cost_of(self.schema._schema, operation, self.limits)
        question = self._question(asked, text, operation, role)
        return Prepared(self.schema, role, asked, text, found.document, operation, cost, question)

    def _question(
        self, asked: GraphQLRequest, text: str, operation: Operation, role: Role
    ) -> Question | None:
        keeping = keeping_of(operation.roots)
        if keeping is None or operation.kind is not OperationType.QUERY:
            return None
        depends_on = [self.edition, role.value, text, asked.operation_name, asked.variables or {}]
        canonical = orjson.dumps(depends_on, option=orjson.OPT_SORT_KEYS)
        key = hashlib.sha256(canonical).hexdigest().encode()
        return Question(key, keeping, asked.max_age)


class PreparedRequests:
    """The requests that came lately, by role, method and bytes."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Role, str, bytes], Prepared] = OrderedDict()

    def get(self, role: Role, method: str, sent: bytes) -> Prepared | None:
        """What was found out before."""
        return self._known.get((role, method, sent))

    def keep(self, role: Role, method: str, sent: bytes, prepared: Prepared) -> None:
        """Remember a valid request."""
        if prepared.operation is not None and len(sent) <= _LONGEST:
            self._known[role, method, sent] = prepared
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
