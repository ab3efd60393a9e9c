"""The audit log: who changed what, written in the transaction of the change itself."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from db.pool import Connection
from db.queries import load

QUERIES = load("audit")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one object; `before` None: it was made, `after` None: it is gone."""

    subject: str
    action: str
    object_type: str
    object_id: str
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None


async def record(connection: Connection, change: Change) -> None:
    """Keep the change; to be called inside the transaction that makes it."""
    await connection.execute(
        QUERIES["record"],
        change.subject,
        change.action,
        change.object_type,
        change.object_id,
        _text(change.before),
        _text(change.after),
    )


def _text(value: Mapping[str, object] | None) -> str | None:
    return None if value is None else orjson.dumps(value, default=str).decode()
