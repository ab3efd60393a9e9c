"""SQL expressions over raw events and rollup rows, composed from the catalogue and nothing else."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from domain.catalogue import NUMBER_COLUMNS, PROPERTY_PREFIX, TEXT_COLUMNS, Dimension, Measure
from domain.questions import Filter

IS_ERROR = "(e.status_code >= 400 OR e.error_message IS NOT NULL) IS TRUE"
"""An event counts as an error where it answered 400 or worse, or says what went wrong."""


@dataclass(slots=True)
class Parameters:
    """The arguments of one statement, numbered as they are added."""

    values: list[object] = field(default_factory=list)

    def add(self, value: object, cast: str) -> str:
        """The placeholder of a new argument, cast so that the statement's types never depend on it."""
        self.values.append(value)
        return f"${len(self.values)}::{cast}"


def dimension_of_event(dimension: Dimension) -> str:
    """The dimension's text, of the raw event `e`."""
    column = TEXT_COLUMNS.get(dimension.source)
    if column is None:
        return f"(e.properties #>> {_path(dimension.source)})"
    return "e.status_code::text" if column == "status_code" else f"e.{column}"


def measure_of_event(measure: Measure) -> str:
    """The measure's exact number, of the raw event `e`; null where the event has none."""
    column = NUMBER_COLUMNS.get(measure.source)
    if column is not None:
        return f"e.{column}"
    path = _path(measure.source)
    return (
        f"CASE WHEN jsonb_typeof(e.properties #> {path}) = 'number'"
        f" THEN (e.properties #>> {path})::numeric END"
    )


def users_sketch() -> str:
    """The raw chunk of the users of a group of events `e`, as domain/distinct.py reads it.

    The hash is the one that hash partitioning is built on, so it stays the same over versions.
    """
    return (
        "CASE WHEN count(e.user_id) > 0 THEN '\\x00'::bytea || int4send((8 * count(e.user_id))::integer)"
        " || string_agg(int8send(hashtextextended(e.user_id, 0)), '') FILTER (WHERE e.user_id IS NOT NULL)"
        " ELSE '' END"
    )


def values_sketch(number: str) -> str:
    """The raw chunk of the values of a group, as domain/quantiles.py reads it."""
    return (
        f"CASE WHEN count({number}) > 0 THEN '\\x00'::bytea || int4send((8 * count({number}))::integer)"
        f" || string_agg(float8send({number}::float8), '') FILTER (WHERE {number} IS NOT NULL) ELSE '' END"
    )


def condition(tree: Filter | None, column: Callable[[str], str], parameters: Parameters) -> str:
    """The filter as SQL that is never null; `column` gives the expression of a dimension by name."""
    if tree is None:
        return "true"
    if tree.dimension is not None:
        return _is_in(column(tree.dimension), tree.isin, parameters)
    if tree.negated is not None:
        return f"NOT ({condition(tree.negated, column, parameters)})"
    word = " AND " if tree.all_of else " OR "
    parts = [condition(each, column, parameters) for each in tree.all_of or tree.any_of]
    return f"({word.join(parts)})"


def possible(
    tree: Filter | None,
    known: Collection[str],
    column: Callable[[str], str],
    parameters: Parameters,
    *,
    wanted: bool = True,
) -> str:
    """Whether the filter could come out as `wanted` for a row of which only some dimensions are known."""
    if tree is None:
        return "true"
    if tree.dimension is not None:
        if tree.dimension not in known:
            return "true"
        found = condition(tree, column, parameters)
        return found if wanted else f"NOT ({found})"
    if tree.negated is not None:
        return possible(tree.negated, known, column, parameters, wanted=not wanted)
    word = " AND " if bool(tree.all_of) == wanted else " OR "
    parts = [
        possible(each, known, column, parameters, wanted=wanted)
        for each in tree.all_of or tree.any_of
    ]
    return f"({word.join(parts)})"


def _is_in(column: str, values: Sequence[str | None], parameters: Parameters) -> str:
    texts = [value for value in values if value is not None]
    parts = []
    if texts or None not in values:
        parts.append(f"coalesce({column} = ANY ({parameters.add(texts, 'text[]')}), false)")
    if None in values:
        parts.append(f"{column} IS NULL")
    return f"({' OR '.join(parts)})"


def _path(source: str) -> str:
    keys = ",".join(f'"{key}"' for key in source.removeprefix(PROPERTY_PREFIX).split("."))
    return "'{" + keys.replace("'", "''") + "}'"
