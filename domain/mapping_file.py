"""A mapping file (TOML) as an ImportMapping, or an error that names its line and key."""

import codecs
import hashlib
import re
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from domain.cells import FILE_COLUMN
from domain.mapping import FIELDS, REQUIRED, FieldKind, ImportMapping
from domain.records import ACCESS_LOG_COLUMNS, FormatName, Layout
from domain.rules import Cases, Condition, Constant, First, Instant, Number, Rule, Text, Whole
from domain.toml_table import Table, root_table

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SAMPLE = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
_TEXT_KEYS = ("column", "columns", "join", "match", "values", "default")
_NUMBER_KEYS = ("column", "number", "product", "or", "times", "thousands", "decimal")
_INSTANT_KEYS = ("column", "columns", "join", "format", "zone")
_CASES_KEYS = ("cases", "otherwise")
_CONDITION_KEYS = ("column", "equals", "starts_with", "match", "null", "then")


def parse_mapping(text: str, *, name: str, file: str) -> ImportMapping:
    """The mapping in this text. Raises ConfigurationError naming `file`, the line and the key."""
    root = root_table(text, file)
    root.only(("name", "description", "input", "event"))
    event = root.table("event")
    event.only(("id", *FIELDS, "properties", "rest"))
    for key in REQUIRED:
        if key not in event.keys:
            raise event.wrong("is missing; every event needs one.", key)
    mapping = ImportMapping(
        name=_name(root, name),
        description=root.string("description", ""),
        layout=_layout(root.table("input")),
        nulls=frozenset({"", *root.table("input").strings("nulls")}),
        fields={key: _rule(event, key, FIELDS[key]) for key in FIELDS if key in event.keys},
        properties=_properties(event.table("properties")),
        rest=event.flag("rest"),
        id_columns=_id_columns(event),
        digest=hashlib.sha256(msgspec.json.encode([name, root.keys], order="sorted")).digest(),
    )
    _check_known_columns(mapping, event)
    if len(set(mapping.remembering)) < len(mapping.remembering):
        raise event.wrong("asks for the first of the same column twice.", "properties")
    return mapping


def _name(root: Table, default: str) -> str:
    found = root.string("name", default)
    if _NAME.fullmatch(found) is None:
        raise root.wrong("must be 1 to 64 letters, digits, '.', '_' or '-'.", "name")
    return found


def _layout(table: Table) -> Layout:
    table.only(("format", "encoding", "delimiter", "skip", "columns", "nulls"))
    formats: dict[str, FormatName] = {each: each for each in get_args(FormatName)}
    kind = formats.get(table.string("format", ""))
    if kind is None:
        raise table.wrong(f"must be one of {', '.join(formats)}.", "format")
    delimiter = table.string("delimiter", ",")
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise table.wrong("must be a single character.", "delimiter")
    skip = table.keys.get("skip", 0)
    if not isinstance(skip, int) or skip < 0:
        raise table.wrong("must be a number of lines.", "skip")
    return Layout(
        format=kind,
        encoding=_encoding(table),
        delimiter=delimiter,
        skip=skip,
        columns=table.strings("columns"),
    )


def _encoding(table: Table) -> str:
    found = table.string("encoding", "utf-8")
    try:
        codec = codecs.lookup(found).name
        same = 'a,"\n'.encode(codec) == b'a,"\n'
    except (LookupError, UnicodeError) as error:
        raise table.wrong("is not an encoding of text.", "encoding") from error
    if not same:
        raise table.wrong("is not an extension of ASCII; convert the file to UTF-8.", "encoding")
    return codec


def _properties(table: Table) -> dict[str, Rule]:
    return {key: _rule(table, key, None) for key in table.keys}


def _id_columns(event: Table) -> tuple[str, ...]:
    table = event.inner("id", event.keys.get("id", {"line": True}))
    table.only(("columns", "line"))
    columns = table.strings("columns")
    if bool(columns) == table.flag("line"):
        raise event.wrong("must be { columns = [...] } or { line = true }.", "id")
    return columns


def _rule(owner: Table, key: str, kind: FieldKind | None) -> Rule:
    """The rule at this key; `kind` None is a property, whose keys say which kind it is."""
    found = owner.keys[key]
    if not isinstance(found, dict):
        return Constant(_constant(owner, key, found, kind))
    table = owner.inner(key, found)
    if kind is None and "first" in found:
        return _first(table)
    if kind == "instant":
        return _instant(table)
    if kind == "whole":
        return Whole(_number(table))
    if kind == "number" or "number" in found or "product" in found:
        return _number(table)
    return _cases(table) if "cases" in found else _text(table, native=kind is None)


def _constant(owner: Table, key: str, found: object, kind: FieldKind | None) -> object:
    if kind == "number" and isinstance(found, int | float) and not isinstance(found, bool):
        return Decimal(str(found))
    fitting = {"text": str, "whole": int, None: str | bool | int}.get(kind)
    if fitting is not None and isinstance(found, fitting):
        return found
    raise owner.wrong("must be a table with a rule, or a constant that fits.", key)


def _text(table: Table, *, native: bool) -> Text:
    table.only(_TEXT_KEYS)
    values = table.table("values").keys if "values" in table.keys else None
    if values is not None and not all(isinstance(each, str) for each in values.values()):
        raise table.wrong("must give a text for each text.", "values")
    return Text(
        columns=_columns(table),
        join=table.string("join", " "),
        match=table.pattern("match"),
        values=None if values is None else {key: str(value) for key, value in values.items()},
        default=table.optional("default"),
        native=native,
    )


def _number(table: Table) -> Number:
    table.only(_NUMBER_KEYS)
    columns = (*table.strings("column"), *table.strings("number"), *table.strings("product"))
    if not columns:
        raise table.wrong("needs a column, a number or a product of columns.")
    instead = table.strings("or")
    if instead and len(columns) > 1:
        raise table.wrong("stands in for a single column, not for a product.", "or")
    return Number(
        columns=(*columns, *instead),
        instead=bool(instead),
        times=_factor(table),
        thousands=table.string("thousands", ""),
        decimal_mark=table.string("decimal", "."),
    )


def _factor(table: Table) -> Decimal:
    found = table.keys.get("times", 1)
    try:
        factor = Decimal(str(found))
    except InvalidOperation as error:
        raise table.wrong("must be a number.", "times") from error
    if not factor.is_finite():
        raise table.wrong("must be a number.", "times")
    return factor


def _instant(table: Table) -> Instant:
    table.only(_INSTANT_KEYS)
    formats = table.strings("format") or ("iso",)
    for pattern in formats:
        if not _is_format(pattern):
            raise table.wrong(
                f"{pattern!r} is neither iso, unix, unix_ms nor a strptime pattern.", "format"
            )
    return Instant(_columns(table), table.string("join", " "), formats, _zone(table))


def _is_format(pattern: str) -> bool:
    if pattern in ("iso", "unix", "unix_ms"):
        return True
    try:
        datetime.strptime(_SAMPLE.strftime(pattern), pattern)  # noqa: DTZ007 (only tried out)
    except ValueError:
        return False
    return "%" in pattern


def _zone(table: Table) -> tzinfo:
    name = table.string("zone", "UTC")
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise table.wrong(f"{name!r} is not a time zone, as Europe/Berlin.", "zone") from error


def _cases(table: Table) -> Cases:
    table.only(_CASES_KEYS)
    listed = table.keys["cases"]
    if not isinstance(listed, list) or not listed:
        raise table.wrong("must be a list of conditions.", "cases")
    return Cases(
        cases=tuple(_case(table.inner("cases", each, at)) for at, each in enumerate(listed)),
        otherwise=_otherwise(table),
    )


def _otherwise(table: Table) -> Rule:
    found = table.keys.get("otherwise")
    if isinstance(found, dict):
        return _text(table.inner("otherwise", found), native=False)
    return Constant(table.optional("otherwise"))


def _first(table: Table) -> First:
    table.only(("first",))
    return First(table.string("first", ""))


def _case(table: Table) -> tuple[Condition, str]:
    table.only(_CONDITION_KEYS)
    tests = [key for key in _CONDITION_KEYS[1:-1] if key in table.keys]
    if len(tests) != 1 or "column" not in table.keys or "then" not in table.keys:
        raise table.wrong(
            "needs column, then, and one of equals, starts_with, match, null in each case."
        )
    condition = Condition(
        column=table.string("column", ""),
        equals=frozenset(table.strings("equals")) if "equals" in table.keys else None,
        starts_with=table.optional("starts_with"),
        match=table.pattern("match"),
        null=table.flag("null") if "null" in table.keys else None,
    )
    return condition, table.string("then", "")


def _columns(table: Table) -> tuple[str, ...]:
    columns = (*table.strings("column"), *table.strings("columns"))
    if not columns:
        raise table.wrong("needs a column, or columns.")
    return columns


def _check_known_columns(mapping: ImportMapping, event: Table) -> None:
    logs = mapping.layout.format == "access_log"
    known: tuple[str, ...] = ACCESS_LOG_COLUMNS if logs else mapping.layout.columns
    unknown = [name for name in mapping.columns if known and name not in (*known, FILE_COLUMN)]
    if unknown:
        names = ", ".join(unknown)
        raise event.wrong(f"no column {names} there. Valid: {', '.join(known)}.")
