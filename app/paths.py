"""Where requests go by their path."""

from collections.abc import Sequence

from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send


class Paths:
    """Starlette's router, which tries one pattern after the other, behind a look at the path as a whole."""

    def __init__(self, routes: Sequence[BaseRoute], default: ASGIApp) -> None:
        self._router = Router(routes, default=default)
        self._fixed = _fixed([each for each in routes if isinstance(each, Route)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application. Wrong methods, and all but plain paths, are left to the router."""
        route = self._fixed.get(scope["path"]) if scope["type"] == "http" else None
        if (
            route is None
            or (route.methods is not None and scope["method"] not in route.methods)
            or scope.get("root_path")
        ):
            await self._router(scope, receive, send)
            return
        scope["route"] = route
        await route.app(scope, receive, send)


def _fixed(routes: Sequence[Route]) -> dict[str, Route]:
    """By their path: routes without parameters that are the first to match it."""
    return {
        route.path: route
        for place, route in enumerate(routes)
        if not route.param_convertors
        and not any(each.path_regex.match(route.path) for each in routes[:place])
    }
