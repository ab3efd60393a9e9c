"""Fields of a JSON document, read and checked one by one; problems are gathered, not raised."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

from domain.durations import Duration, parse_duration
from domain.errors import InvalidInput, UnknownName

Document = Mapping[str, Any]
NONE = timedelta(0)
T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class Reader:
    """Reads fields of a document, and gathers the problems instead of stopping at the first."""

    def __init__(self, document: Document, path: str, known: frozenset[str]) -> None:
        self.document = document
        self.path = path
        self.problems: list[InvalidInput] = []
        for name in document.keys() - known:
            self.problems.append(UnknownName("field", name, known, field=self.at(name)))

    def at(self, name: str) -> str:
        """The field's path from the config on."""
        return f"{self.path}{name}"

    def read(self, name: str, parse: Callable[[Any, str], T], default: T) -> T:
        """The parsed field; the default where it is absent, null or wrong."""
        given = self.document.get(name)
        if given is None:
            return default
        try:
            return parse(given, self.at(name))
        except InvalidInput as problem:
            self.problems.append(problem)
            return default

    def require(self, name: str, parse: Callable[[Any, str], T], default: T, hint: str) -> T:
        """The same of a field that must be there; `hint` says what is valid."""
        if self.document.get(name) is None:
            self.problems.append(missing(self.at(name), hint))
        return self.read(name, parse, default)


def missing(path: str, hint: str) -> InvalidInput:
    """The problem of a field that is not there."""
    return InvalidInput(f"{path} is missing. Valid: {hint}.", code="REQUIRED", field=path)


def choices(kind: type[E]) -> str:
    """The names that are valid for a field."""
    return ", ".join(kind.__members__)


def choice(kind: type[E]) -> Callable[[Any, str], E]:
    """Reads one of an enum's names, in any case."""

    def parse(value: Any, field: str) -> E:
        found = kind.__members__.get(str(value).upper())
        if found is None:
            last = field.rpartition(".")[2]
            raise UnknownName(_spaced(last), str(value), kind.__members__, field=field)
        return found

    return parse


def _spaced(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)


def text(most: int, *, least: int = 1) -> Callable[[Any, str], Any]:
    """Reads text of a length."""

    def parse(value: Any, field: str) -> str:
        if not isinstance(value, str) or not least <= len(value.strip()) <= most or "\0" in value:
            raise InvalidInput(
                f"{field} must be text of {least} to {most:,} characters.",
                code="INVALID_TEXT",
                field=field,
            )
        return value.strip()

    return parse


def number(value: Any, field: str) -> Any:
    """Reads a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e18:
        raise InvalidInput(
            f"{field} must be a number from -1e18 to 1e18.", code="INVALID_NUMBER", field=field
        )
    return float(value)


def flag(value: Any, field: str) -> bool:
    """Reads true or false."""
    if not isinstance(value, bool):
        raise InvalidInput(f"{field} must be true or false.", code="INVALID_FLAG", field=field)
    return value


def mapping(value: Any, field: str) -> dict[str, Any]:
    """Reads an object."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidInput(f"{field} must be an object.", code="INVALID_OBJECT", field=field)
    return dict(value)


def string_map(value: Any, field: str) -> dict[str, str]:
    """Reads an object of at most 50 texts."""
    found = mapping(value, field)
    if len(found) > 50:
        raise InvalidInput(f"{field} has more than 50 entries.", code="OVER_LIMIT", field=field)
    return {text(100)(key, field): text(500)(found[key], f"{field}.{key}") for key in found}


def names(value: Any, field: str) -> tuple[str, ...]:
    """Reads a list of texts, each once."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InvalidInput(f"{field} must be a list of names.", code="INVALID_LIST", field=field)
    return tuple(dict.fromkeys(text(200)(each, field) for each in value))


def web_address(value: Any, field: str) -> Any:
    """Reads a link that a browser may open."""
    found: str = text(2_000)(value, field)
    if not found.startswith(("https://", "http://")):
        raise InvalidInput(
            f"{field} must begin with https:// or http://.", code="INVALID_URL", field=field
        )
    return found


def duration(least: timedelta, most: timedelta) -> Callable[[Any, str], timedelta]:
    """Reads an ISO 8601 duration of exact length within bounds; a day is 24 hours."""

    def parse(value: Any, field: str) -> timedelta:
        found = _exact(str(value), field)
        if not least <= found <= most:
            raise InvalidInput(
                f"{field} is {value}; valid: {duration_text(least)} to {duration_text(most)}.",
                code="INVALID_DURATION",
                field=field,
            )
        return found

    return parse


def _exact(value: str, field: str) -> timedelta:
    if value in ("PT0S", "PT0M", "PT0H", "P0D"):
        return NONE
    found = parse_duration(value, field=field)
    if found.months:
        raise InvalidInput(
            f"{field} is {value}, and months differ in length. Give days, as P30D.",
            code="INVALID_DURATION",
            field=field,
        )
    return timedelta(days=found.days, seconds=found.seconds)


@lru_cache(maxsize=256)
def duration_text(length: timedelta) -> str:
    """The ISO 8601 text."""
    if length == NONE:
        return "PT0S"
    return str(Duration(days=length.days, seconds=length.seconds))
