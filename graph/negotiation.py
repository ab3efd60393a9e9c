"""Which media type a request sends and accepts (GraphQL over HTTP)."""

from functools import lru_cache

from starlette.requests import Request
from starlette.types import Scope

JSON_RESPONSE = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"

_WILD = frozenset({"*/*", "application/*"})


def header_of(scope: Scope, name: bytes) -> str | None:
    """The first header of a lower-case name, read without an object for all of them."""
    for each, value in scope["headers"]:
        if each == name:
            return str(value, "latin-1")
    return None


@lru_cache(maxsize=256)
def accepted_type(accept: str | None) -> str | None:
    """The best of what the client accepts; None where it accepts neither. Without a header: JSON."""
    if accept is None or not accept.strip():
        return JSON_RESPONSE
    best, best_quality = None, 0.0
    for offer in accept.split(","):
        name, quality = _offer(offer)
        chosen = JSON_RESPONSE if name in _WILD else name
        if chosen in (JSON_RESPONSE, GRAPHQL_RESPONSE) and quality > best_quality:
            best, best_quality = chosen, quality
    return best


def wants_page(request: Request) -> bool:
    """Whether a browser navigates here, rather than a program asking."""
    return "text/html" in request.headers.get("accept", "") and "query" not in request.query_params


@lru_cache(maxsize=256)
def is_json(content_type: str | None) -> bool:
    """Whether a body is said to be JSON in UTF-8."""
    name, *parameters = [part.strip().lower() for part in (content_type or "").split(";")]
    if name != JSON_RESPONSE:
        return False
    charsets = [each.partition("=")[2].strip('"') for each in parameters if "charset" in each]
    return all(charset in ("utf-8", "utf8") for charset in charsets)


def _offer(text: str) -> tuple[str, float]:
    name, *parameters = [part.strip().lower() for part in text.split(";")]
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                return name, float(value)
            except ValueError:
                return name, 0.0
    return name, 1.0
