"""Who asks, and what they may ask for."""

import strawberry

from graph.fields import computed
from graph.types.catalogue import EventType
from graph.types.viewer import Viewer
from resolvers.scope import Scope
from resolvers.viewer import catalogue, viewer


@strawberry.type
class Callers:
    @computed("The caller, as the token says.", Viewer)
    def viewer(self, info: strawberry.Info[Scope, None]) -> object:
        return viewer(info.context)

    @computed(
        "The event types that the caller may ask about.",
        list[EventType] | None,
    )
    def catalogue(self, info: strawberry.Info[Scope, None]) -> object:
        return catalogue(info.context)
