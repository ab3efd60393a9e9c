"""Changes that somebody made, as the audit log keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one object; `before` None: it was made, `after` None: it is gone."""

    subject: str
    action: str
    object_type: str
    object_id: str
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A change that was kept; ids grow in the order in which changes began to be written."""

    id: int
    at: datetime
    change: Change
