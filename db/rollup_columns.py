"""The columns of rollup rows, and the SQL that adds them up: one place for all who merge rows."""

from collections.abc import Iterable

SLOTS = 4
"""How many measures one rollup row holds; a set with more has further rows, its parts."""

KEY = ("set_id", "grain", "bucket", "key_hash", "part")
DIMENSIONS = ("d1", "d2", "d3", "d4")
COUNTS = ("count", "error_count", "users")
MEASURES = tuple(
    f"{name}{slot}"
    for slot in range(1, SLOTS + 1)
    for name in ("n", "sum", "min", "max", "histogram")
)
SKETCHES = ("users", *(f"histogram{slot}" for slot in range(1, SLOTS + 1)))
ALL = (*KEY, *DIMENSIONS, *COUNTS, *MEASURES)

FIRST_KEY = "00000000-0000-0001-0000-000000000000"
"""Key hashes below are of overflow rows: the prefix zero, the rest of their currency."""

USERS_RAW_BYTES = 8 * 2048
VALUES_RAW_BYTES = 8 * 64


def place(position: int) -> tuple[int, int]:
    """The part and the slot (from 1) of a set's measure at `position` (from 0)."""
    return position // SLOTS, position % SLOTS + 1


def added(names: Iterable[str], *, row: str) -> str:
    """Aggregates that add up the rows of a group; sketches merge by appending."""
    return ", ".join(f"{_aggregate(name, row)} AS {name}" for name in names)


def merged_on_conflict(names: Iterable[str]) -> str:
    """The SET list that adds an incoming row to the row `r` that is there."""
    return ", ".join(f"{name} = {_joined(name)}" for name in names)


def returned_if_grown() -> str:
    """For RETURNING: each sketch column where it has grown enough to be worth compacting, else null."""
    return ", ".join(
        f"CASE WHEN {_grown(f'r.{name}', _raw_bytes(name))} THEN r.{name} END AS {name}"
        for name in SKETCHES
    )


def any_grown() -> str:
    """Whether any sketch of a returned row is worth compacting."""
    return " OR ".join(f"{name} IS NOT NULL" for name in SKETCHES)


def _aggregate(name: str, row: str) -> str:
    column = f"{row}.{name}"
    if name in SKETCHES:
        return f"string_agg({column}, ''::bytea)"
    if name.startswith(("min", "max")):
        return f"{name[:3]}({column})"
    whole = name in ("count", "error_count") or (name[0] == "n" and name[1:].isdigit())
    return f"sum({column})::bigint" if whole else f"sum({column})"


def _joined(name: str) -> str:
    if name.startswith("min"):
        return f"least(r.{name}, excluded.{name})"
    if name.startswith("max"):
        return f"greatest(r.{name}, excluded.{name})"
    if name in COUNTS:
        operator = "||" if name == "users" else "+"
        return f"r.{name} {operator} excluded.{name}"
    empty = "''::bytea" if name in SKETCHES else "0"
    operator = "||" if name in SKETCHES else "+"
    return (
        f"CASE WHEN excluded.{name} IS NULL THEN r.{name}"
        f" ELSE coalesce(r.{name}, {empty}) {operator} excluded.{name} END"
    )


def _raw_bytes(name: str) -> int:
    return USERS_RAW_BYTES if name == "users" else VALUES_RAW_BYTES


def _grown(sketch: str, raw_bytes: int) -> str:
    """A raw list beyond its limit, or twice what the first chunk (see domain/chunks.py) holds."""
    first = " + ".join(f"get_byte({sketch}, {at}) * {256 ** (4 - at)}" for at in range(1, 5))
    return (
        f"CASE WHEN octet_length({sketch}) > {raw_bytes} THEN"
        f" octet_length({sketch}) > 1024 + 2 * ({first})"
        f" OR (get_byte({sketch}, 0) = 0 AND ({first}) > {raw_bytes}) ELSE false END"
    )
