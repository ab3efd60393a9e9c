"""The schema: areas put together, scalars named, the policy put before every field."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLError,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionContext

from graph.alert_commands import AlertCommands
from graph.alerts import AlertQuestions
from graph.audit import AuditQuestions
from graph.callers import Callers
from graph.commands import Commands
from graph.documents import CheckedDocuments
from graph.notifications import NotificationCommands, NotificationQuestions
from graph.operations import Operations
from graph.outreach import Outreach
from graph.permissions import guard
from graph.questions import Questions
from graph.scalars import SCALARS
from graph.short_ways import shorten
from graph.subscriptions import Subscriptions

QUERY_AREAS: tuple[type, ...] = (
    Callers,
    Questions,
    Operations,
    AlertQuestions,
    NotificationQuestions,
    AuditQuestions,
    Outreach,
)
"""Each area adds its fields to Query; a new one is added here and to domain/policy.py."""

MUTATION_AREAS: tuple[type, ...] = (Commands, AlertCommands, NotificationCommands)
SUBSCRIPTION_AREAS: tuple[type, ...] = (Subscriptions,)

UPDATES: Mapping[str, str] = {"summaryUpdates": "summary"}
"""Subscriptions that answer a question of Query again and again, with the same arguments."""


class TidemarkSchema(strawberry.Schema):
    """Errors are logged where they are written into a response, not here."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Nothing: see graph/errors.py."""


@cache
def schema() -> TidemarkSchema:
    """The one schema of the process."""
    built = TidemarkSchema(
        query=_root("Query", QUERY_AREAS, "Everything that can be asked."),
        mutation=_root("Mutation", MUTATION_AREAS, "Everything that changes something."),
        subscription=_subscription(),
        extensions=[CheckedDocuments],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    _leave_out_null_defaults(built._schema)
    shorten(built._schema)
    guard(built._schema)
    _answer_as_asked(built._schema)
    return built


def schema_text() -> str:
    """The schema as `schema.graphql` holds it."""
    return schema().as_str() + "\n"


def _root(name: str, areas: tuple[type, ...], description: str) -> type:
    members: dict[str, Any] = {"__doc__": description}
    return strawberry.type(type(name, areas, members), name=name, description=description)


def _subscription() -> type | None:
    if not SUBSCRIPTION_AREAS:
        return None
    return _root("Subscription", SUBSCRIPTION_AREAS, "Everything that can be followed.")


def _answer_as_asked(schema: GraphQLSchema) -> None:
    """An update of a question is its answer, by the question's own resolver."""
    assert schema.query_type is not None
    assert schema.subscription_type is not None
    for followed, asked in UPDATES.items():
        answer = schema.query_type.fields[asked].resolve
        schema.subscription_type.fields[followed].resolve = answer


def _leave_out_null_defaults(schema: GraphQLSchema) -> None:
    """An argument that may be left out is no argument with the default null: Python has the default."""
    for each in schema.type_map.values():
        given: list[GraphQLArgument | GraphQLInputField] = []
        if isinstance(each, GraphQLInputObjectType):
            given.extend(each.fields.values())
        elif isinstance(each, GraphQLObjectType):
            given.extend(arg for field in each.fields.values() for arg in field.args.values())
        for argument in given:
            if argument.default_value is None:
                argument.default_value = Undefined
