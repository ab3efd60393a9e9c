"""Lines of CSV read back, as COPY reads them with the options of `db.event_copy`."""

import re

from domain.event_lines import COLUMNS

_FIELD = re.compile(rb'(?:"((?:[^"\\]|\\["\\])*)"|([^",]*))(?:,|\Z)', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')


def fields_of(line: bytes) -> dict[str, str | None]:
    """The texts of a line by column; None for NULL."""
    found: list[str | None] = []
    at = 0
    while len(found) < len(COLUMNS):
        field = _FIELD.match(line, at)
        assert field, line[at:]
        quoted, bare = field.groups()
        found.append(_ESCAPED.sub(r"\1", quoted.decode()) if bare is None else _bare(bare))
        at = field.end()
    assert at == len(line), line[at:]
    return dict(zip(COLUMNS, found, strict=True))


def _bare(text: bytes) -> str | None:
    return None if text == b"null" else text.decode()
