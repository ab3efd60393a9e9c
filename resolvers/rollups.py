"""Rolling up on command."""

from dataclasses import dataclass

from resolvers.scope import Rolled, Scope


@dataclass(frozen=True, slots=True)
class Aggregated:
    """What was rolled up; there is nothing in the input that a user could get wrong."""

    rolled: Rolled
    user_errors: tuple[()] = ()

    @property
    def batches(self) -> int:
        return self.rolled.batches

    @property
    def events(self) -> int:
        return self.rolled.events

    @property
    def sealed(self) -> int:
        return self.rolled.sealed


async def aggregate(scope: Scope, *, seal: bool) -> Aggregated:
    """Roll up what is pending and, if asked, seal finished buckets."""
    return Aggregated(await scope.rooms.roll_up(scope.now, seal=seal))
