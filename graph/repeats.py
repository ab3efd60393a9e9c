"""What an answer that was kept leaves behind for the next request of the same bytes."""

from dataclasses import dataclass
from typing import Final

from domain.callers import Caller
from graph.prepared import Prepared
from resolvers.kept_answers import Question

MARK: Final = "tidemark.repeat"
"""Where it is left in the scope of a request."""

VERSION: Final = "tidemark.version"
"""Where in that scope the data version is found that was read for it already."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """Whose request it was and what was found out about it, all of it by its bytes alone."""

    caller: Caller
    prepared: Prepared
    question: Question
    media_type: str
