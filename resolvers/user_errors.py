"""Problems of a mutation's input, as its payload lists them."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.alert_documents import InvalidConfig
from domain.errors import TidemarkError


@dataclass(frozen=True, slots=True)
class UserError:
    """One problem; `field` is the path from `input` on."""

    field: list[str] | None
    code: str
    message: str


def user_errors(problem: TidemarkError) -> list[UserError]:
    """One for each thing that is wrong."""
    return [_shown(each) for each in _apart(problem)]


def _apart(problem: TidemarkError) -> Iterator[TidemarkError]:
    if isinstance(problem, InvalidConfig):
        yield from problem.problems
    else:
        yield problem


def _shown(problem: TidemarkError) -> UserError:
    path = None if problem.field is None else ["input", *problem.field.split(".")]
    return UserError(path, problem.code, problem.message)
