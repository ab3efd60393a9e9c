"""Which document a request means: its own text, one that was sent before, or one that is trusted."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from domain.errors import Forbidden, InvalidInput
from graph.requests import BadRequest, GraphQLRequest


class PersistedQueryNotFound(InvalidInput):
    """No document with that hash is known; the client sends it once more, with the hash.

    The message is the one that Apollo's clients look for.
    """

    code = "PERSISTED_QUERY_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")


class Documents(Protocol):
    """Where documents are found by their hash."""

    async def find(self, sha256: str) -> str | None:
        """The document with that hash."""

    async def keep(self, sha256: str, text: str) -> None:
        """Know a document from now on."""


@dataclass(frozen=True, slots=True)
class TrustedDocuments:
    """Only these documents are answered, by hash or by their very text."""

    by_hash: Mapping[str, str]

    async def find(self, sha256: str) -> str | None:
        """The document with that hash."""
        found = self.by_hash.get(sha256)
        if found is None:
            raise Forbidden(
                "Only documents that are declared here are answered.", code="DOCUMENT_NOT_TRUSTED"
            )
        return found

    async def keep(self, sha256: str, text: str) -> None:
        """Nothing is added to what is declared."""
        await self.find(sha256)


@dataclass(frozen=True, slots=True)
class NoDocuments:
    """No document is known by its hash."""

    async def find(self, sha256: str) -> str | None:
        """None."""
        return None

    async def keep(self, sha256: str, text: str) -> None:
        """Nothing is kept."""


async def text_of(asked: GraphQLRequest, documents: Documents) -> str:
    """The text of the document that is meant."""
    if asked.query is None:
        assert asked.sha256
        found = await documents.find(asked.sha256)
        if found is None:
            raise PersistedQueryNotFound
        return found
    if asked.sha256 is not None and asked.sha256 != sha256_of(asked.query):
        raise BadRequest("provided sha does not match query", code="PERSISTED_QUERY_MISMATCH")
    if isinstance(documents, TrustedDocuments):
        return await documents.find(sha256_of(asked.query)) or ""
    return asked.query


def sha256_of(text: str) -> str:
    """The hash of a document, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
