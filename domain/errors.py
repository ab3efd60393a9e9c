"""The one tree of errors that a caller may see. Everything else is masked at the edge and logged."""

from collections.abc import Iterable


class TidemarkError(Exception):
    """A problem stated for the caller: a stable `code`, a message that names the field and what is valid."""

    code = "INTERNAL"

    def __init__(
        self, message: str, *, code: str | None = None, field: str | None = None, **details: object
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.field = field
        self.details = details


class InvalidInput(TidemarkError):
    """The request is understood and wrong; sending it again unchanged cannot succeed."""

    code = "INVALID_INPUT"


class UnknownName(InvalidInput):
    """A name that the catalogue (or a list of choices) does not hold; the message lists what it holds."""

    code = "UNKNOWN_NAME"

    def __init__(
        self, kind: str, name: str, valid: Iterable[str], *, field: str | None = None
    ) -> None:
        choices = sorted(valid)
        shown = ", ".join(choices[:40]) + (" …" if len(choices) > 40 else "")
        super().__init__(
            f"Unknown {kind} {name!r}. Valid: {shown or 'none'}.",
            code=f"UNKNOWN_{kind.upper().replace(' ', '_')}",
            field=field,
            valid=choices,
        )


class OverLimit(InvalidInput):
    """More than one request may ask for; the message says the limit."""

    code = "OVER_LIMIT"


class Unauthenticated(TidemarkError):
    """No token, or one that is not valid."""

    code = "UNAUTHENTICATED"


class Forbidden(TidemarkError):
    """The caller's role may not see this field or run this command."""

    code = "FORBIDDEN"


class NotFound(TidemarkError):
    """The named object does not exist, or the caller may not know that it does."""

    code = "NOT_FOUND"


class Unavailable(TidemarkError):
    """A server that the answer needs is down or overloaded; `retry_after` seconds is a fair wait."""

    code = "UNAVAILABLE"

    def __init__(self, message: str, *, retry_after: float = 1.0, code: str | None = None) -> None:
        super().__init__(message, code=code, retryAfter=retry_after)
        self.retry_after = retry_after


class ConfigurationError(TidemarkError):
    """A setting or a catalogue file is wrong; the message names it and, in a file, the line."""

    code = "CONFIGURATION"
