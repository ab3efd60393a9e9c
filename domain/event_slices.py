"""A request body cut into the bytes of its events, also where some of them are not valid JSON."""

import json
import re

import msgspec

from domain.errors import InvalidInput

_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
_LENIENT = json.JSONDecoder(strict=False, parse_int=str, parse_float=str, parse_constant=str)
_WHITESPACE = re.compile(r"[ \t\r\n]*")
_BLANK = b" \t\r\n"


def of_lines(body: bytes) -> list[bytes]:
    """Each line that is not blank."""
    return [line for line in body.split(b"\n") if line.strip(_BLANK)]


def of_array(body: bytes) -> list[bytes]:
    """Each element of a JSON array.

    Elements that only a lenient reader can delimit (NaN, Infinity, lone surrogates) are cut out as
    well, so that they are refused alone. Raises InvalidInput with the position of the first byte
    that leaves the end of an element unknown.
    """
    try:
        return [bytes(each) for each in _ARRAY.decode(body)]
    except RecursionError:
        raise InvalidInput("The JSON is nested too deeply.", code="MALFORMED_JSON") from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _leniently(body)


def _leniently(body: bytes) -> list[bytes]:
    text = body.decode("utf-8", "surrogateescape")
    try:
        return [text[a:b].encode("utf-8", "surrogateescape") for a, b in _spans(text)]
    except RecursionError:
        raise InvalidInput("The JSON is nested too deeply.", code="MALFORMED_JSON") from None
    except json.JSONDecodeError as fault:
        raise _malformed(text, fault) from None


def _spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each element, in characters."""
    at = _expect(text, _skip(text, 0), "[")
    if text[at : at + 1] == "]":
        _expect_end(text, at + 1)
        return []
    spans: list[tuple[int, int]] = []
    while True:
        _, end = _LENIENT.raw_decode(text, at)
        spans.append((at, end))
        at = _skip(text, end)
        if text[at : at + 1] == "]":
            _expect_end(text, at + 1)
            return spans
        at = _expect(text, at, ",")


def _skip(text: str, at: int) -> int:
    match = _WHITESPACE.match(text, at)
    return match.end() if match else at


def _expect(text: str, at: int, wanted: str) -> int:
    if text[at : at + 1] != wanted:
        raise json.JSONDecodeError(f"Expecting {wanted!r}", text, at)
    return _skip(text, at + 1)


def _expect_end(text: str, at: int) -> None:
    if _skip(text, at) != len(text):
        raise json.JSONDecodeError("Extra data", text, _skip(text, at))


def _malformed(text: str, fault: json.JSONDecodeError) -> InvalidInput:
    position = len(text[: fault.pos].encode("utf-8", "surrogateescape"))
    return InvalidInput(
        f"The body is not valid JSON: {fault.msg} at byte {position}.",
        code="MALFORMED_JSON",
        position=position,
        line=fault.lineno,
        column=fault.colno,
    )
