"""A user's catalogue.toml: event types of their own, and additions to the built-in ones."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from domain.catalogue import (
    DEFAULT_MAX_KEYS,
    NUMBER_COLUMNS,
    PROPERTY_PREFIX,
    TEXT_COLUMNS,
    Area,
    Catalogue,
    Dimension,
    EventType,
    Measure,
    catalogue_of,
    event_type,
)
from domain.errors import ConfigurationError, InvalidInput
from domain.toml_lines import Path, line_of, syntax_error

FILE_NAME = "catalogue.toml"

LONGEST_RAW_DAYS = 3_650
MOST_KEYS = 1_000_000

_TYPE_KEYS = (
    "description",
    "extend",
    "raw_days",
    "max_keys",
    "area",
    "dimensions",
    "measures",
    "combinations",
)
_DIMENSION_KEYS = ("name", "source", "description")
_MEASURE_KEYS = ("name", "source", "unit", "description", "money")

_TYPE_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_ATTRIBUTE_NAME = re.compile(r"[a-z][A-Za-z0-9]{0,62}")
_PROPERTY = re.compile(r"properties(?:\.[A-Za-z0-9_$-]{1,100}){1,8}")

_Table = Mapping[str, object]


class _Wrong(Exception):
    """What is wrong, and the path of the key that says it."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message


def parse_catalogue(text: str, builtin: Iterable[EventType], *, name: str = FILE_NAME) -> Catalogue:
    """The built-in types, with what the file adds.

    The first mistake raises ConfigurationError: `catalogue.toml line 12: types.shipment.measures[1].unit: …`,
    with `line` and `path` in its details.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, said = syntax_error(text, error)
        raise ConfigurationError(f"{name} line {line}: not TOML: {said}.", line=line) from None
    try:
        return _catalogue(document, {each.name: each for each in builtin})
    except _Wrong as wrong:
        line, path = line_of(text, wrong.path), _dotted(wrong.path)
        raise ConfigurationError(
            f"{name} line {line}: {path}: {wrong.message}", field=path, line=line, path=path
        ) from None


def _catalogue(document: _Table, builtin: Mapping[str, EventType]) -> Catalogue:
    _check_keys(document, ("types",), ())
    types = dict(builtin)
    for name, content in _table(document, "types", ()).items():
        path: Path = ("types", name)
        if not isinstance(content, dict):
            raise _Wrong(path, "must be a table, as [types.shipment].")
        types[name] = _event_type(name, content, builtin, path)
    return catalogue_of(types.values())


def _event_type(
    name: str, table: _Table, builtin: Mapping[str, EventType], path: Path
) -> EventType:
    _check_keys(table, _TYPE_KEYS, path)
    known = _extended(name, table, builtin, path)
    if known is None and not _TYPE_NAME.fullmatch(name):
        raise _Wrong(
            path, "an event type's name is 1 to 63 of a-z, 0-9 and _, and starts with a letter."
        )
    dimensions = _dimensions(table, known, path)
    combinations = _combinations(table, dimensions, path)
    description = known.description if known else None
    try:
        return event_type(
            name,
            _text(table, "description", path, default=description),
            dimensions=dimensions.values(),
            measures=_measures(table, known, path).values(),
            combinations=(*(known.rollups if known else ()), *combinations),
            raw_days=_raw_days(table, path, known),
            max_keys=_max_keys(table, path, known),
            area=_area(table, path, known),
        )
    except InvalidInput as error:
        key = str(error.field).rsplit(".", 1)[-1]
        raise _Wrong((*path, key), error.message) from None


def _extended(
    name: str, table: _Table, builtin: Mapping[str, EventType], path: Path
) -> EventType | None:
    """The built-in type that the table adds to; None for a new one."""
    extend = _flag(table, "extend", path)
    if extend and name not in builtin:
        raise _Wrong(
            (*path, "extend"), f"there is no built-in type {name!r}. {_one_of(name, builtin)}"
        )
    if not extend and name in builtin:
        raise _Wrong(path, f"{name!r} is built in; say extend = true to add to it.")
    return builtin[name] if extend else None


def _dimensions(table: _Table, known: EventType | None, path: Path) -> dict[str, Dimension]:
    found = dict(known.dimensions) if known else {}
    for each, at in _tables(table, "dimensions", path):
        _check_keys(each, _DIMENSION_KEYS, at)
        name = _attribute_name(each, found, at)
        found[name] = Dimension(
            name=name,
            source=_source(each, TEXT_COLUMNS, at),
            description=_text(each, "description", at, default=""),
        )
    return found


def _measures(table: _Table, known: EventType | None, path: Path) -> dict[str, Measure]:
    found = dict(known.measures) if known else {}
    for each, at in _tables(table, "measures", path):
        _check_keys(each, _MEASURE_KEYS, at)
        name = _attribute_name(each, found, at)
        money = _flag(each, "money", at)
        found[name] = Measure(
            name=name,
            source=_source(each, NUMBER_COLUMNS, at),
            unit=_text(each, "unit", at, default="currency" if money else None),
            description=_text(each, "description", at, default=""),
            money=money,
        )
    return found


def _combinations(
    table: _Table, dimensions: Mapping[str, Dimension], path: Path
) -> list[tuple[str, ...]]:
    found = []
    for index, each in enumerate(_list(table, "combinations", path)):
        at: Path = (*path, "combinations", index)
        if not isinstance(each, list) or len(each) < 2:
            raise _Wrong(at, 'must list at least two dimensions, as ["carrier", "country"].')
        found.append(tuple(_combined(name, dimensions, at) for name in each))
        if len(set(found[-1])) < len(each):
            raise _Wrong(at, "names a dimension twice.")
    return found


def _combined(name: object, dimensions: Mapping[str, Dimension], at: Path) -> str:
    if not isinstance(name, str) or name not in dimensions:
        raise _Wrong(at, f"no dimension {name!r}. {_one_of(str(name), dimensions)}")
    return name


def _raw_days(table: _Table, path: Path, known: EventType | None) -> int | None:
    """Days, 0 for "keep", or None to follow the setting."""
    asked = table.get("raw_days")
    if asked is None:
        return known.raw_days if known else None
    if asked == "keep":
        return 0
    return _whole(asked, LONGEST_RAW_DAYS, (*path, "raw_days"), ' or "keep"')


def _max_keys(table: _Table, path: Path, known: EventType | None) -> int:
    asked = table.get("max_keys", known.max_keys if known else DEFAULT_MAX_KEYS)
    return _whole(asked, MOST_KEYS, (*path, "max_keys"))


def _area(table: _Table, path: Path, known: EventType | None) -> Area | None:
    """Who may ask about it, beside admins. Of a built-in type the policy says so, and nothing else."""
    asked = table.get("area")
    if asked is None:
        return None
    if known is not None:
        raise _Wrong((*path, "area"), "who may ask about a built-in type is not for a file to say.")
    if asked not in list(Area):
        raise _Wrong((*path, "area"), f"{asked!r} is no area. {_one_of(str(asked), Area)}")
    return Area(str(asked))


def _whole(value: object, most: int, path: Path, alternative: str = "") -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise _Wrong(path, f"{value!r} is not a whole number of 1 to {most:,}{alternative}.")
    return value


def _attribute_name(table: _Table, taken: Mapping[str, object], path: Path) -> str:
    name = _text(table, "name", path)
    if not _ATTRIBUTE_NAME.fullmatch(name):
        raise _Wrong(
            (*path, "name"),
            f"{name!r} is not a name in camelCase (a-z first, then letters, digits).",
        )
    if name in taken:
        raise _Wrong((*path, "name"), f"{name!r} is there already.")
    return name


def _source(table: _Table, columns: Mapping[str, str], path: Path) -> str:
    source = _text(table, "source", path)
    if source not in columns and not _PROPERTY.fullmatch(source):
        raise _Wrong(
            (*path, "source"),
            f"{source!r} is neither a property, as {PROPERTY_PREFIX}carrier, nor an event's field:"
            f" {', '.join(columns)}.",
        )
    return source


def _text(table: _Table, key: str, path: Path, *, default: str | None = None) -> str:
    """A text that is not blank; required where the default is None."""
    if key not in table:
        if default is None:
            raise _Wrong(path, f"{key} is missing.")
        return default
    value = table[key]
    if not isinstance(value, str) or not value.strip():
        raise _Wrong((*path, key), f"{value!r} is not a text.")
    return value


def _flag(table: _Table, key: str, path: Path) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise _Wrong((*path, key), f"{value!r} is neither true nor false.")
    return value


def _table(table: _Table, key: str, path: Path) -> _Table:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise _Wrong((*path, key), "must hold tables, as [types.shipment].")
    return value


def _list(table: _Table, key: str, path: Path) -> Sequence[object]:
    value = table.get(key, [])
    if not isinstance(value, list):
        raise _Wrong((*path, key), f"{value!r} is not a list.")
    return value


def _tables(table: _Table, key: str, path: Path) -> list[tuple[_Table, Path]]:
    """Each table of an array, with its path."""
    found: list[tuple[_Table, Path]] = []
    for index, each in enumerate(_list(table, key, path)):
        at: Path = (*path, key, index)
        if not isinstance(each, dict):
            raise _Wrong(at, f"must be a table, as [[{_dotted((*path, key))}]].")
        found.append((each, at))
    return found


def _check_keys(table: _Table, valid: Sequence[str], path: Path) -> None:
    for key in table:
        if key not in valid:
            raise _Wrong((*path, key), f"there is no such key. {_one_of(key, valid)}")


def _one_of(name: str, valid: Iterable[str]) -> str:
    choices = sorted(valid)
    close = get_close_matches(name, choices, n=1)
    return f"{f'Did you mean {close[0]}? ' if close else ''}Valid: {', '.join(choices) or 'none'}."


def _dotted(path: Path) -> str:
    parts = (f"[{each}]" if isinstance(each, int) else f".{each}" for each in path)
    return "".join(parts).lstrip(".")
