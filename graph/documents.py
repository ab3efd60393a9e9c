"""Documents parsed, weighed and validated once: the result is kept by text."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    parse,
    specified_rules,
    validate,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from domain.errors import OverLimit, TidemarkError
from domain.limits import Limits, check_limit
from graph.limits import check_document

MAX_VALIDATION_ERRORS = 5
_KEPT_DOCUMENTS = 512
_TOO_MANY_TOKENS = "tokens. Parsing aborted"
_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
_CLOSED_RULES = (*_RULES, NoSchemaIntrospectionCustomRule)


@dataclass(frozen=True, slots=True)
class Checked:
    """A document, or why it is none."""

    document: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()


@lru_cache(maxsize=_KEPT_DOCUMENTS)
def checked(schema: GraphQLSchema, text: str, limits: Limits, *, introspection: bool) -> Checked:
    """The document of a text. Without introspection errors suggest no names either."""
    try:
        document = _parsed(text, limits)
        check_document(document, limits)
    except GraphQLError as error:
        return Checked(None, (error,))
    except TidemarkError as error:
        return Checked(None, (GraphQLError(error.message, original_error=error),))
    errors = validate(
        schema,
        document,
        _RULES if introspection else _CLOSED_RULES,
        max_errors=MAX_VALIDATION_ERRORS,
        hide_suggestions=not introspection,
    )
    return Checked(document, tuple(errors))


def _parsed(text: str, limits: Limits) -> DocumentNode:
    check_limit(len(text), limits.characters, "characters", code="DOCUMENT_TOO_LONG")
    try:
        return parse(text, max_tokens=limits.tokens)
    except GraphQLSyntaxError as error:
        if _TOO_MANY_TOKENS in error.message:
            raise OverLimit(
                f"The document has more than {limits.tokens:,} tokens.",
                code="TOO_MANY_TOKENS",
                limit=limits.tokens,
            ) from None
        raise


class CheckedDocuments(SchemaExtension):
    """Takes each operation's document from those checked before; every transport goes through it."""

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        found = self._checked()
        if found.document is None:
            raise found.errors[0]
        context.graphql_document = found.document
        yield

    def on_validate(self) -> Iterator[None]:
        self.execution_context.pre_execution_errors = list(self._checked().errors)
        yield

    def _checked(self) -> Checked:
        context: Any = self.execution_context
        scope = context.context
        return checked(
            context.schema._schema,
            context.query,
            scope.limits,
            introspection=scope.may_introspect,
        )
