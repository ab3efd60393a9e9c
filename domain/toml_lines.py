"""Which line of a TOML document says what: the standard parser keeps no positions."""

import re
import tomllib
from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]
"""Keys, and indexes into arrays, from the document's root."""

_TABLE = re.compile(r"\s*\[")
_POSITION = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")


def syntax_error(text: str, error: tomllib.TOMLDecodeError) -> tuple[int, str]:
    """The line (from 1) of a syntax error, and what is wrong there."""
    said = str(error)
    position = _POSITION.search(said)
    line = (
        int(position[1])
        if position and position[1]
        else text.count("\n", 0, len(text.rstrip())) + 1
    )
    return line, _POSITION.sub("", said)


def line_of(text: str, path: Path) -> int:
    """The line (from 1) of valid TOML that sets the path or, where none does, its closest ancestor."""
    lines = _lines(text)
    known = (lines[path[:length]] for length in range(len(path), 0, -1) if path[:length] in lines)
    return next(known, 1)


def _lines(text: str) -> dict[Path, int]:
    lines: dict[Path, int] = {}
    table: Path = ()
    tables: dict[Path, int] = {}
    for number, statement in _statements(text):
        if _TABLE.match(statement):
            table = _opened(statement, tables)
            lines.setdefault(table, number)
        else:
            for path in _paths(tomllib.loads(statement)):
                lines.setdefault((*table, *path), number)
    return lines


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each header, key with its value, comment or blank line, with its first line's number."""
    gathered: list[str] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        gathered.append(line)
        statement = "\n".join(gathered)
        if _is_whole(statement):
            yield number - len(gathered) + 1, statement
            gathered.clear()


def _is_whole(statement: str) -> bool:
    try:
        tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _opened(header: str, tables: dict[Path, int]) -> Path:
    """The path of a table's header, arrays by the index they are at; counts the tables of each array."""
    keys, is_array = _header_keys(tomllib.loads(header))
    path: Path = ()
    for depth, key in enumerate(keys, start=1):
        path = (*path, key)
        if depth == len(keys) and is_array:
            tables[path] = tables.get(path, -1) + 1
        if path in tables:
            path = (*path, tables[path])
    return path


def _header_keys(document: Mapping[str, object]) -> tuple[list[str], bool]:
    keys: list[str] = []
    inner: object = document
    while isinstance(inner, Mapping) and inner:
        key, inner = next(iter(inner.items()))
        keys.append(str(key))
    return keys, isinstance(inner, list)


def _paths(value: object) -> Iterator[Path]:
    """Every path within a value, outer before inner."""
    items: Iterator[tuple[str | int, object]] = iter(())
    if isinstance(value, dict):
        items = iter(value.items())
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        yield (key,)
        for path in _paths(inner):
            yield (key, *path)
