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
"""What a row is inserted with; what its sketches gained since is beside them, see `_recent`."""

FIRST_KEY = "00000000-0000-0001-0000-000000000000"
"""Key hashes below are of overflow rows: the prefix zero, the rest of their currency."""

USERS_RAW_BYTES = 8 * 2048
VALUES_RAW_BYTES = 8 * 64

_RECENT_USERS_BYTES = 8 * 128
_RECENT_VALUES_BYTES = 8 * 64
"""So much gathers beside a sketch before it is written anew, which takes pages of their own each time."""


def place(position: int) -> tuple[int, int]:
    """The part and the slot (from 1) of a set's measure at `position` (from 0)."""
    return position // SLOTS, position % SLOTS + 1


def added(names: Iterable[str], *, row: str) -> str:
    """Aggregates that add up the rows of a group; sketches merge by appending."""
    return ", ".join(f"{_aggregate(name, row)} AS {name}" for name in names)


def merged_on_conflict() -> str:
    """The SET list that adds an incoming row to the row `r` that is there."""
    plain = (f"{name} = {_joined(name)}" for name in (*COUNTS, *MEASURES) if name not in SKETCHES)
    return ", ".join((*plain, *(_gathered(name) for name in SKETCHES)))


def whole_sketch(sketch: str) -> str:
    """A sketch of a stored row `r`: what was written and what has gathered beside it."""
    recent = f"r.{_recent(sketch)}"
    return f"CASE WHEN {recent} = '' THEN r.{sketch} ELSE r.{sketch} || {recent} END"


def stored(names: Iterable[str]) -> str:
    """A select list of columns of a stored row `r`, its sketches whole."""
    return ", ".join(
        f"{whole_sketch(name)} AS {name}" if name in SKETCHES else f"r.{name}" for name in names
    )


def returned_if_grown() -> str:
    """For RETURNING: each sketch that was just written and is worth compacting, else null."""
    return ", ".join(
        f"CASE WHEN r.{_recent(name)} = '' AND {_grown(f'r.{name}', _raw_bytes(name))}"
        f" THEN r.{name} END AS {name}"
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
        return f"r.{name} + excluded.{name}"
    return (
        f"CASE WHEN excluded.{name} IS NULL THEN r.{name}"
        f" ELSE coalesce(r.{name}, 0) + excluded.{name} END"
    )


def _recent(sketch: str) -> str:
    """The column beside a sketch: what was merged since it was written. Empty where the sketch is null."""
    return f"{sketch}_recent"


def _gathered(sketch: str) -> str:
    """What comes is put beside the sketch, and into it once that is much. Until then it stays as it is."""
    recent = _recent(sketch)
    most = _RECENT_USERS_BYTES if sketch == "users" else _RECENT_VALUES_BYTES
    much = f"octet_length(r.{recent}) + octet_length(excluded.{sketch}) > {most}"
    return (
        f"{sketch} = CASE WHEN r.{sketch} IS NULL THEN excluded.{sketch}"
        f" WHEN {much} THEN r.{sketch} || r.{recent} || excluded.{sketch} ELSE r.{sketch} END,"
        f" {recent} = CASE WHEN r.{sketch} IS NULL OR {much} THEN ''"
        f" ELSE r.{recent} || coalesce(excluded.{sketch}, '') END"
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
