"""The catalogue of a process: the built-in event types, and those of a file."""

from pathlib import Path

from domain.builtin import BUILTIN
from domain.catalogue import Catalogue, catalogue_of
from domain.catalogue_file import parse_catalogue

MAPPINGS = Path(__file__).resolve().parents[1] / "mappings"
SHIPPED = MAPPINGS / "catalogue.toml"
"""The types of the shipped mappings; taken where no other file is named."""


def read_catalogue(path: Path | None) -> Catalogue:
    """The built-in types and those of this file. Raises ConfigurationError with the line."""
    chosen = path or SHIPPED
    if path is None and not chosen.is_file():
        return catalogue_of(BUILTIN)
    return parse_catalogue(chosen.read_text("utf-8"), BUILTIN, name=str(chosen))
