"""Conditions on dimensions as JSON, in the shape of the API's FilterInput."""

from collections.abc import Mapping
from typing import Any

from domain.errors import InvalidInput
from domain.filters import DEEPEST
from domain.questions import Filter

_FORMS = ("and", "or", "not", "dimension", "eq", "in", "isNull")


def filter_document(filter: Filter) -> dict[str, Any]:
    """The JSON object of a condition."""
    if filter.all_of:
        return {"and": [filter_document(part) for part in filter.all_of]}
    if filter.any_of:
        return {"or": [filter_document(part) for part in filter.any_of]}
    if filter.negated is not None:
        return {"not": filter_document(filter.negated)}
    values = [value for value in filter.isin if value is not None]
    given = {"dimension": filter.dimension, "in": values}
    if len(values) == len(filter.isin):
        return given
    null = {"dimension": filter.dimension, "isNull": True}
    return {"or": [given, null]} if values else null


def filter_of(document: Any, field: str, depth: int = 1) -> Filter:
    """The condition of a JSON object; what it names is checked against the catalogue later."""
    if not isinstance(document, Mapping) or depth > DEEPEST:
        raise _invalid(f"{field} must be a condition at most {DEEPEST} levels deep", field)
    given = {name: value for name, value in document.items() if value is not None}
    unknown = given.keys() - set(_FORMS)
    if unknown:
        raise _invalid(f"{min(unknown)} is no part of a condition", field)
    if "dimension" in given:
        return _leaf(given, field)
    if len(given) != 1:
        raise _invalid("A condition has exactly one of and, or, not, dimension", field)
    ((form, inner),) = given.items()
    if form == "not":
        return Filter(negated=filter_of(inner, field, depth + 1))
    if form not in ("and", "or") or not isinstance(inner, list):
        raise _invalid(f"{form} must be a list of conditions, or stand with a dimension", field)
    parts = tuple(filter_of(part, field, depth + 1) for part in inner)
    return Filter(all_of=parts) if form == "and" else Filter(any_of=parts)


def _leaf(given: Mapping[str, Any], field: str) -> Filter:
    tests = given.keys() - {"dimension"}
    if len(tests) != 1 or not isinstance(given["dimension"], str):
        raise _invalid("A condition on a dimension takes exactly one of eq, in and isNull", field)
    (test,) = tests
    value = given[test]
    if test == "isNull":
        null = Filter(dimension=given["dimension"], isin=(None,))
        return null if value is True else Filter(negated=null)
    values = [value] if test == "eq" else value
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise _invalid("eq takes a text and in a list of texts", field)
    return Filter(dimension=given["dimension"], isin=tuple(values))


def _invalid(what: str, field: str) -> InvalidInput:
    return InvalidInput(f"{what}. Valid: {', '.join(_FORMS)}.", code="INVALID_FILTER", field=field)
