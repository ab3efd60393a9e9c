"""Files as batches of records: CSV, NDJSON and combined access logs, what is malformed set apart.

Text arrives decoded with `surrogateescape`; a record with bytes that are not of its encoding is
malformed. Records are numbered from 1; blank lines and what precedes the first record do not count.
"""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import chain, islice
from typing import Literal

import msgspec

from domain.errors import InvalidInput
from domain.event_numbers import exact

FormatName = Literal["csv", "ndjson", "access_log"]

ACCESS_LOG_COLUMNS = (
    "host",
    "ident",
    "user",
    "time",
    "request",
    "method",
    "target",
    "protocol",
    "status",
    "bytes",
    "referrer",
    "agent",
)
"""The columns of a combined access log; method, target and protocol are the parts of `request`."""

_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_ACCESS_LINE = re.compile(
    rf"(\S+) (\S+) (\S+) \[([^\]]+)\] {_QUOTED} ([0-9]{{3}}) ([0-9]+|-)(?: {_QUOTED} {_QUOTED})?\s*"
)
_REQUEST = re.compile(r"([A-Z]+) (\S+)(?: (HTTP/[\d.]+))?")
_ABSENT = "-"
_NDJSON = msgspec.json.Decoder(float_hook=exact)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written. `skip` lines stand before the header; `columns` stands in for one."""

    format: FormatName
    encoding: str = "utf-8"
    delimiter: str = ","
    skip: int = 0
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a record is not an event: a stable code, the field or column, and a sentence."""

    code: str
    message: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Malformed:
    """A record that could not be read at all."""

    raw: str
    problem: Problem


Raw = str | list[str] | Malformed
Reading = tuple[object, ...] | dict[str, object] | Problem


@dataclass(frozen=True, slots=True)
class Batch:
    """Readable records column by column. Row i is record `numbers[i]`, which came as `raws[i]`.

    `end` counts all records up to here, malformed or not. NDJSON has the columns of all its rows.
    """

    end: int
    numbers: Sequence[int]
    raws: Sequence[Raw]
    columns: Mapping[str, Sequence[object]]
    malformed: tuple[tuple[int, Malformed], ...]


@dataclass(frozen=True, slots=True)
class Records:
    """An opened file: its columns, where they are known beforehand, and its records in order."""

    columns: tuple[str, ...] | None
    records: Iterator[Raw]
    layout: Layout

    def batches(
        self, *, size: int, start: int = 0, skipped: Callable[[Batch], None] | None = None
    ) -> Iterator[Batch]:
        """Batches of at most `size` records after the first `start`, which `skipped` is shown."""
        if skipped is None:
            deque(islice(self.records, start), maxlen=0)
        else:
            self._show(skipped, start, size)
        while raws := list(islice(self.records, size)):
            yield self._batch(raws, start)
            start += len(raws)

    def numbered(self, number: int) -> Batch:
        """All records as one batch, the first of them with this number."""
        return self._batch(list(self.records), number - 1)

    def _show(self, skipped: Callable[[Batch], None], end: int, size: int) -> None:
        at = 0
        while raws := list(islice(self.records, min(size, end - at))):
            skipped(self._batch(raws, at))
            at += len(raws)

    def _batch(self, raws: list[Raw], start: int) -> Batch:
        end = start + len(raws)
        readings = _READERS[self.layout.format](raws, self.columns or ())
        bad = [i for i, reading in enumerate(readings) if type(reading) is Problem]
        bad = sorted({*bad, *_undecodable(raws)})
        if not bad:
            columns = _columns(readings, self.columns)
            return Batch(end, range(start + 1, end + 1), raws, columns, ())
        skipped = set(bad)
        kept = [i for i in range(len(raws)) if i not in skipped]
        return Batch(
            end=end,
            numbers=[start + 1 + i for i in kept],
            raws=[raws[i] for i in kept],
            columns=_columns([readings[i] for i in kept], self.columns),
            malformed=tuple(
                (start + 1 + i, _malformed(raws[i], readings[i], self.layout)) for i in bad
            ),
        )


def open_records(lines: Iterator[str], layout: Layout) -> Records:
    """The records of these lines (with their ends). Raises InvalidInput where CSV has no header."""
    for _ in islice(lines, layout.skip):
        pass
    if layout.format == "csv":
        return _open_csv(lines, layout)
    columns = ACCESS_LOG_COLUMNS if layout.format == "access_log" else None
    return Records(columns, (line for line in lines if not line.isspace()), layout)


def raw_text(raw: Raw, layout: Layout) -> str:
    """The record as it came, or as near to it as CSV allows; undecodable bytes stay surrogates."""
    if isinstance(raw, Malformed):
        return raw.raw
    if isinstance(raw, str):
        return raw.rstrip("\r\n")
    line = StringIO()
    csv.writer(line, delimiter=layout.delimiter, lineterminator="").writerow(raw)
    return line.getvalue()


def _open_csv(lines: Iterator[str], layout: Layout) -> Records:
    rows = _csv_rows(lines, layout.delimiter)
    if layout.columns:
        return Records(layout.columns, rows, layout)
    header = next(rows, None)
    if not isinstance(header, list):
        raise InvalidInput("The file has no header line.", code="NO_HEADER")
    doubled = {name for name in header if header.count(name) > 1}
    if doubled:
        names = ", ".join(sorted(doubled))
        raise InvalidInput(f"The header names a column more than once: {names}.", code="NO_HEADER")
    return Records(tuple(header), rows, layout)


def _csv_rows(lines: Iterator[str], delimiter: str) -> Iterator[Raw]:
    taken: list[str] = []
    reader = csv.reader(_remembering(lines, taken), delimiter=delimiter, strict=True)
    while True:
        try:
            for row in reader:
                if row:
                    yield row
                taken.clear()
            return
        except csv.Error as error:
            yield Malformed("".join(taken), Problem("MALFORMED_CSV", f"Not CSV: {error}."))
            taken.clear()


def _remembering(lines: Iterable[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def _read_csv(raws: Sequence[Raw], columns: tuple[str, ...]) -> list[Reading]:
    width = len(columns)
    return [
        tuple(raw) if type(raw) is list and len(raw) == width else _csv_problem(raw, width)
        for raw in raws
    ]


def _csv_problem(raw: Raw, width: int) -> Problem:
    if isinstance(raw, Malformed):
        return raw.problem
    return Problem("WRONG_COLUMN_COUNT", f"{len(raw)} cells where the header has {width}.")


def _read_ndjson(raws: Sequence[Raw], columns: tuple[str, ...]) -> list[Reading]:
    return [_json_object(raw) for raw in raws if isinstance(raw, str)]


def _json_object(line: str) -> Reading:
    try:
        found = _NDJSON.decode(line.encode("utf-8", "surrogateescape"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Problem("MALFORMED_JSON", f"Not JSON: {error}.")
    if isinstance(found, dict):
        return found
    return Problem("MALFORMED_JSON", "The line holds no JSON object.")


def _read_access_log(raws: Sequence[Raw], columns: tuple[str, ...]) -> list[Reading]:
    return [_access_line(raw) for raw in raws if isinstance(raw, str)]


def _access_line(line: str) -> Reading:
    found = _ACCESS_LINE.fullmatch(line)
    if found is None:
        return Problem("MALFORMED_LOG_LINE", "Not a line of a common or combined access log.")
    host, ident, user, time, request, status, size, referrer, agent = (
        None if part == _ABSENT else part for part in found.groups()
    )
    parts = _REQUEST.fullmatch(request or "")
    method, target, protocol = parts.groups() if parts else (None, None, None)
    return (
        host,
        ident,
        user,
        time,
        request,
        method,
        target,
        protocol,
        status,
        size,
        referrer,
        agent,
    )


_READERS: Mapping[FormatName, Callable[[Sequence[Raw], tuple[str, ...]], list[Reading]]] = {
    "csv": _read_csv,
    "ndjson": _read_ndjson,
    "access_log": _read_access_log,
}


def _columns(
    readings: Sequence[Reading], names: tuple[str, ...] | None
) -> dict[str, Sequence[object]]:
    if names is None:
        objects = [each for each in readings if isinstance(each, dict)]
        found = dict.fromkeys(chain.from_iterable(objects))
        return {name: [each.get(name) for each in objects] for name in found}
    rows = [each for each in readings if isinstance(each, tuple)]
    return dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}


def _malformed(raw: Raw, reading: Reading, layout: Layout) -> Malformed:
    if isinstance(raw, Malformed):
        return raw
    problem = reading if isinstance(reading, Problem) else _not_in(layout.encoding)
    return Malformed(raw_text(raw, layout), problem)


def _not_in(encoding: str) -> Problem:
    return Problem("BAD_ENCODING", f"Bytes that are not {encoding}; the mapping may name another.")


def _undecodable(raws: Sequence[Raw]) -> list[int]:
    texts = ["".join(raw) if type(raw) is list else raw for raw in raws]
    try:
        "".join(text for text in texts if isinstance(text, str)).encode()
    except UnicodeEncodeError:
        return [i for i, text in enumerate(texts) if isinstance(text, str) and _escaped(text)]
    return []


def _escaped(text: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in text)
