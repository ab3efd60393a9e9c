"""How much one request may ask for. One table: the checks, the errors and `viewer { limits }` read it."""

from dataclasses import dataclass

from domain.errors import OverLimit


@dataclass(frozen=True, slots=True)
class Limits:
    """Each field is the largest value that is still answered."""

    body_bytes: int = 1_000_000
    body_seconds: float = 10.0
    characters: int = 15_000
    tokens: int = 2_000
    depth: int = 15
    fields: int = 2_000
    aliases: int = 100
    root_fields: int = 50
    directives: int = 50
    repeats: int = 20
    fragment_spreads: int = 100
    page_size: int = 1_000
    default_page_size: int = 100
    breakdown_rows: int = 1_000
    points: int = 10_000
    cells: int = 200_000
    point_objects: int = 10_000
    groups: int = 50
    group_by: int = 4
    events_per_mutation: int = 1_000
    variable_depth: int = 50
    cost: int = 50_000


def check_limit(
    asked: int, limit: int, what: str, *, code: str = "OVER_LIMIT", field: str | None = None
) -> None:
    """Refuse more than the limit, saying both numbers."""
    if asked > limit:
        raise OverLimit(
            f"{asked:,} {what} asked for; at most {limit:,} are answered.",
            code=code,
            field=field,
            limit=limit,
            asked=asked,
        )


def check_page(first: int, limit: int, *, field: str = "first") -> int:
    """A page size of at least 1 and at most the limit."""
    if first < 1:
        raise OverLimit(
            f"{field} is {first}; a page has 1 to {limit:,} rows.",
            code="INVALID_PAGE_SIZE",
            field=field,
            limit=limit,
            asked=first,
        )
    check_limit(first, limit, "rows per page", code="PAGE_TOO_LARGE", field=field)
    return first
