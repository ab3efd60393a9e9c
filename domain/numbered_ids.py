"""Ids of things that are numbered within something: the records of a file, the events of a day."""

import hashlib
from collections.abc import Iterable

MAX_NUMBER = (1 << 40) - 1


def numbered_ids(whole: Iterable[str], numbers: Iterable[int]) -> list[str]:
    """Version-8 UUIDs (RFC 9562, section 5.8) of these numbers (40 bits) within one whole.

    The first 82 free bits are a digest of the whole and the last 40 the number, so that the ids of
    neighbours are neighbours in an index, and the same thing always has the same id.
    """
    digest = hashlib.blake2b("\0".join(whole).encode(), digest_size=16).hexdigest()
    variant = "89ab"[int(digest[15], 16) & 3]
    start = f"{digest[:8]}-{digest[8:12]}-8{digest[12:15]}-{variant}{digest[16:19]}-{digest[19:21]}"
    return [f"{start}{number:010x}" for number in numbers]
