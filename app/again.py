"""Requests that come again, byte for byte: answered from what is kept without a task and all layers.

What may have changed since is looked at each time, as on the long way: the token or key, the points of the
caller, the minute, and the data version, which is read after the request came. Whatever is not as it was is
left to the long way, which then begins as if nothing had been tried.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from app.answer_headers import CONTENT, added_to
from app.auth import Authenticator, credential_of, credentials_in
from app.correlation import CURRENT, HEADER, choose
from app.request_notes import log, note
from app.request_times import RequestTimes
from db.answer_cache import StoredAnswer
from db.keys import key_hash
from graph.event_streams import EVENT_STREAM
from graph.http import GraphQLEndpoint
from graph.negotiation import header_of
from graph.repeats import MARK, VERSION, Repeat
from graph.responses import Cost, kept_body
from resolvers.kept_answers import Given, KeptAnswers

_PATH = "/graphql"
_KEY = "tidemark.again"
_READ = frozenset(
    {
        b"accept",
        b"authorization",
        b"content-encoding",
        b"content-type",
        b"origin",
        b"x-api-key",
        b"x-forwarded-proto",
    }
)
"""The headers that an answer may depend on; a correlation id is answered, and nothing else of it."""

_MOST = 1_000
_LONGEST = 16_384
"""How many requests are remembered, and the bytes of the longest."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A request that came before. `lines`: the end of its head, from the correlation id on."""

    repeat: Repeat
    credential: bytes
    content: bytes
    lines: bytes


class Again:
    """Knows the requests of a process that were answered from what is kept.

    `cors`: pages of other sites may be answered, with headers that are added on the long way.
    """

    def __init__(
        self,
        endpoint: GraphQLEndpoint,
        kept: KeptAnswers,
        authenticator: Authenticator,
        times: RequestTimes,
        *,
        cors: bool,
    ) -> None:
        self.points = endpoint.points
        self.times = times
        self._clock = endpoint.clock
        self._kept = kept
        self._authenticator = authenticator
        self._cors = cors
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    def may_take(self, scope: Scope) -> bool:
        """Whether it is a request of the kind that can be known, by its first line."""
        return (
            scope["method"] == "POST"
            and scope["path"] == _PATH
            and not scope["query_string"]
            and not scope["root_path"]
        )

    def begin(self, cycle: RequestResponseCycle, otherwise: Callable[[], None]) -> bool:
        """Answer a request whose body is there, or see later that `otherwise` has to do it.

        False: neither will happen.
        """
        if cycle.waiting_for_100_continue or not cycle.keep_alive or len(cycle.body) > _LONGEST:
            return False
        scope: Scope = cycle.scope  # type: ignore[assignment]
        key = _key(scope, bytes(cycle.body))
        known = self._known.get(key)
        if known is None or not self._authenticator.still(known.credential, known.repeat.caller):
            scope[_KEY] = key
            return False
        now = self._clock()
        exchange = _Exchange(self, cycle, known, now, time.perf_counter(), otherwise)
        return self._kept.offer(known.repeat.question, now, exchange.give)

    def remember(self, scope: Scope) -> None:
        """Know a request again that was just answered from what is kept."""
        key, repeat = scope.get(_KEY), scope.get(MARK)
        if key is None or repeat is None or not self._is_plain(scope):
            return
        self._known[key] = _known(scope, repeat)
        self._known.move_to_end(key)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)

    def _is_plain(self, scope: Scope) -> bool:
        if self._cors and header_of(scope, b"origin") is not None:
            return False
        return EVENT_STREAM not in (header_of(scope, b"accept") or "")


@dataclass(slots=True)
class _Exchange:
    """One request that came again. `now`: when."""

    again: Again
    cycle: RequestResponseCycle
    known: _Known
    now: datetime
    started: float
    otherwise: Callable[[], None]

    def give(self, found: StoredAnswer | None, version: str) -> None:
        """Send the answer; where that cannot be done as on the long way, go that one."""
        try:
            done = found is not None and self._given(found)
        except Exception:
            log.exception("request failed", path=_PATH)
            done = self.cycle.response_started
        if not done:
            scope: Scope = self.cycle.scope  # type: ignore[assignment]
            scope[VERSION] = version
            self.otherwise()

    def _given(self, found: StoredAnswer) -> bool:
        cycle, subject = self.cycle, self.known.repeat.caller.subject
        if cycle.disconnected:
            return True
        if cycle.flow.write_paused or not cycle.keep_alive:
            return False
        if not self.again.points.spend(subject, 1):
            return False
        correlation = choose(cycle.scope["headers"])
        self._write(found, correlation)
        self._note(correlation)
        return True

    def _write(self, found: StoredAnswer, correlation: str) -> None:
        cycle, known = self.cycle, self.known
        prepared = known.repeat.prepared
        remaining = self.again.points.remaining(known.repeat.caller.subject)
        body = kept_body(Given(found), prepared, Cost(prepared.cost, 1, remaining), self.now)
        cycle.response_started = cycle.response_complete = True
        cycle.transport.write(
            b"%b%b%bcontent-length: %d\r\n%b: %b\r\n%b\r\n%b"
            % (
                STATUS_LINE[200],
                _lines(cycle.default_headers),
                known.content,
                len(body),
                HEADER,
                correlation.encode("ascii"),
                known.lines,
                body,
            )
        )
        cycle.on_response()
        cycle.on_response = _nothing

    def _note(self, correlation: str) -> None:
        token = CURRENT.set(correlation)
        note(self.again.times, "POST", _PATH, 200, time.perf_counter() - self.started)
        CURRENT.reset(token)


def _nothing() -> None:
    """What is called at the end of an answer that has ended, as by uvicorn."""


def _known(scope: Scope, repeat: Repeat) -> _Known:
    content = (CONTENT, f"{repeat.media_type}; charset=utf-8".encode())
    said = dict([content, (b"content-length", b"")])
    return _Known(
        repeat=repeat,
        credential=key_hash(credential_of(credentials_in(scope))),
        content=_lines([content]),
        lines=_lines(added_to(said, secure=scope["scheme"] == "https")),
    )


def _lines(headers: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join([b"%b: %b\r\n" % each for each in headers])


def _key(scope: Scope, body: bytes) -> bytes:
    """A hash of all that an answer depends on, and of no more, so that nothing of it stays readable.

    No value has a NUL and no name is empty, so that each part begins where it seems to.
    """
    client = scope["client"]
    parts = [client[0].encode() if client else b"-"]
    for pair in scope["headers"]:
        if pair[0] in _READ:
            parts += pair
    return blake2b(b"\0".join((*parts, b"", body)), digest_size=16).digest()
