"""Files to import: what they hold, gzip or not, and a digest of it."""

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from domain.errors import InvalidInput
from domain.mapped import SourceFile
from domain.records import Layout, Records, open_records

_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20
_BROKEN = (EOFError, gzip.BadGzipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class ImportSource:
    """A file that was read once. `size` and `digest` are of its contents, unpacked."""

    path: Path
    size: int
    digest: bytes

    @property
    def file(self) -> SourceFile:
        """What rules may know of it."""
        return SourceFile(self.path.name.removesuffix(".gz"), self.digest.hex())


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """A file being read: its records, and how many bytes of its contents were read so far."""

    records: Records
    stream: BinaryIO

    @property
    def bytes_read(self) -> int:
        """Counts what is buffered ahead as read."""
        return self.stream.tell()


def import_source(path: Path) -> ImportSource:
    """Read the file through. Raises InvalidInput where it cannot be read to its end."""
    digest, size = hashlib.sha256(), 0
    try:
        with _unpacked(path) as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error}.", code="UNREADABLE_FILE") from error
    except _BROKEN as error:
        raise InvalidInput(f"{path} is damaged: {error}.", code="UNREADABLE_FILE") from error
    return ImportSource(path, size, digest.digest())


@contextmanager
def opened(source: ImportSource, layout: Layout) -> Iterator[OpenedSource]:
    """The records of the file, from the first."""
    encoding = "utf-8-sig" if layout.encoding == "utf-8" else layout.encoding
    with _unpacked(source.path) as stream:
        text = io.TextIOWrapper(stream, encoding, errors="surrogateescape", newline="")
        yield OpenedSource(open_records(iter(text), layout), stream)


def _unpacked(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    return cast(BinaryIO, gzip.open(path)) if packed else path.open("rb")
