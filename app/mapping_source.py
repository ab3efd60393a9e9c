"""Where mappings are found: by the name of a shipped one, or by a path."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.catalogue_source import MAPPINGS, SHIPPED
from domain.catalogue import Catalogue
from domain.errors import ConfigurationError, InvalidInput, UnknownName
from domain.mapping import ImportMapping
from domain.mapping_file import parse_mapping


def shipped_mappings() -> list[str]:
    """The names of the mappings that come with Tidemark."""
    return sorted(path.stem for path in MAPPINGS.glob("*.toml") if path != SHIPPED)


def read_mapping(asked: str) -> ImportMapping:
    """The mapping of a shipped name or of a file (a path that ends in .toml)."""
    path = Path(asked)
    if path.suffix != ".toml":
        if asked not in shipped_mappings():
            raise UnknownName("mapping", asked, [*shipped_mappings(), "a path ending in .toml"])
        path = MAPPINGS / f"{asked}.toml"
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The mapping {path} cannot be read: {error}.") from error
    return parse_mapping(text, name=path.stem, file=str(path))


@dataclass(frozen=True, slots=True)
class Mappings:
    """The mappings that were named, and the shipped ones."""

    given: Mapping[str, ImportMapping]

    @staticmethod
    def of(asked: Iterable[str]) -> "Mappings":
        """Those asked for as `read_mapping` takes them."""
        found = [read_mapping(each) for each in asked]
        return Mappings({each.name: each for each in found})

    def named(self, name: str) -> ImportMapping:
        """The mapping of this name. Raises InvalidInput with what to do where it is not known."""
        if name in self.given:
            return self.given[name]
        if name in shipped_mappings():
            return read_mapping(name)
        raise InvalidInput(
            f"The record came through the mapping {name!r}: name its file, as --mapping {name}.toml.",
            code="MAPPING_NEEDED",
        )


def check_type(mapping: ImportMapping, catalogue: Catalogue) -> None:
    """Refuse a mapping to a type that the catalogue does not hold, naming the setting to change."""
    wanted = mapping.constant_type
    if wanted is not None and wanted not in catalogue.recordable:
        raise ConfigurationError(
            f"The mapping {mapping.name!r} makes events of type {wanted!r}, which the catalogue"
            f" does not hold: declare it in the file that CATALOGUE_FILE names.",
            field="CATALOGUE_FILE",
        )
