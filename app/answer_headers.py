"""What is said with every answer, whatever it is."""

from functools import lru_cache

CONTENT = b"content-type"
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-site"),
)
_POLICY = b"content-security-policy"
_NO_CONTENT = b"default-src 'none'; frame-ancestors 'none'"
_TELLING = len(b"text/html")
_YEAR = b"max-age=31536000"


def added_to(said: dict[bytes, bytes], *, secure: bool) -> list[tuple[bytes, bytes]]:
    """The headers that an answer does not say itself."""
    return _added(tuple(said), said.get(CONTENT, b"")[:_TELLING], secure=secure)


@lru_cache(maxsize=256)
def _added(given: tuple[bytes, ...], content: bytes, *, secure: bool) -> list[tuple[bytes, bytes]]:
    names = {name.lower() for name in given}
    added = [pair for pair in _HEADERS if pair[0] not in names]
    if _POLICY not in names and not content.startswith(b"text/html"):
        added.append((_POLICY, _NO_CONTENT))
    if secure:
        added.append((b"strict-transport-security", _YEAR))
    return added
