"""Event ids: any UUID, or any text that stands for one."""

import hashlib
import uuid
from string import hexdigits

MAX_CLIENT_ID = 200
"""Characters of an id that is not a UUID."""

NAMESPACE = uuid.UUID("6f1b0c52-9d43-5a7e-8c1f-71de3a4b0e95")
"""The namespace of the version-5 UUIDs that stand for ids that are not UUIDs. Never changes."""

_UUID = b"hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh"
_SHAPE = bytes(
    ord("h") if chr(byte) in hexdigits else byte if byte == ord("-") else 0 for byte in range(256)
)
"""Translates a text to one with all its hexadecimal digits alike."""


def canonical(given: str) -> tuple[str, str | None]:
    """The UUID of an id in lower case, and the id as given where it is not a UUID itself."""
    if len(given) == 36 and given.encode().translate(_SHAPE) == _UUID:
        return given.lower(), None
    return named(given), given


def named(name: str) -> str:
    """The version-5 UUID of a name in Tidemark's namespace (RFC 9562, section 5.5)."""
    digest = hashlib.sha1(NAMESPACE.bytes + name.encode(), usedforsecurity=False).digest()
    return str(uuid.UUID(bytes=digest[:16], version=5))


def uuid7(unix_ms: int, random_bits: int) -> str:
    """A version-7 UUID (RFC 9562, section 5.7) of a time and 74 random bits; later ones sort later."""
    low = random_bits & ((1 << 62) - 1)
    middle = (random_bits >> 62) & 0xFFF
    value = (unix_ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | middle << 64 | 0b10 << 62 | low
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
