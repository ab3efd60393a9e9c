"""Tables of a TOML text that know where they stand, for errors that name the line and the key."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from domain.errors import ConfigurationError
from domain.toml_lines import Path, line_of, syntax_error


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the file: its place, for errors, and its keys."""

    text: str
    file: str
    path: Path
    keys: Mapping[str, object]

    def wrong(self, message: str, key: str | None = None) -> ConfigurationError:
        """An error at this key, or at the table itself."""
        path = (*self.path, key) if key else self.path
        line = line_of(self.text, path)
        where = ".".join(str(part) for part in path) or "the file"
        return ConfigurationError(f"{self.file} line {line}: {where}: {message}", line=line)

    def only(self, allowed: tuple[str, ...]) -> None:
        for key in self.keys:
            if key not in allowed:
                raise self.wrong(f"is not known here. Valid: {', '.join(allowed)}.", key)

    def table(self, key: str) -> "Table":
        return self.inner(key, self.keys.get(key, {}))

    def inner(self, key: str, found: object, *index: int) -> "Table":
        if not isinstance(found, dict):
            raise self.wrong("must be a table.", key)
        return Table(self.text, self.file, (*self.path, key, *index), found)

    def string(self, key: str, default: str) -> str:
        found = self.keys.get(key, default)
        if not isinstance(found, str):
            raise self.wrong("must be text.", key)
        return found

    def optional(self, key: str) -> str | None:
        return self.string(key, "") if key in self.keys else None

    def strings(self, key: str) -> tuple[str, ...]:
        found = self.keys.get(key, [])
        listed = [found] if isinstance(found, str) else found
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            raise self.wrong("must be text or a list of texts.", key)
        return tuple(listed)

    def flag(self, key: str) -> bool:
        found = self.keys.get(key, False)
        if not isinstance(found, bool):
            raise self.wrong("must be true or false.", key)
        return found

    def pattern(self, key: str) -> re.Pattern[str] | None:
        found = self.optional(key)
        try:
            return None if found is None else re.compile(found)
        except re.error as error:
            raise self.wrong(f"is not a regular expression: {error}.", key) from error


def root_table(text: str, file: str) -> Table:
    """The whole file. Raises ConfigurationError where it is not TOML."""
    try:
        return Table(text, file, (), tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        line, said = syntax_error(text, error)
        raise ConfigurationError(f"{file} line {line}: not TOML: {said}.", line=line) from None
