"""Who asks: the role decides what they may see, the subject is what the audit log names."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a token or key may do: all, business sections, health and ML sections, totals, write events."""

    ADMIN = "admin"
    BUSINESS_VIEWER = "business_viewer"
    OPS_VIEWER = "ops_viewer"
    AGGREGATE_VIEWER = "aggregate_viewer"
    INGEST = "ingest"


@dataclass(frozen=True, slots=True)
class Caller:
    """One authenticated request or connection. `expires_at` None: an API key without an end.

    `correlation` is the request's correlation id, for events and errors that have none of their own.
    """

    subject: str
    role: Role
    expires_at: datetime | None
    correlation: str
