"""Plain paths are found at once, and by the same rules as Starlette's router has."""

from typing import Any

import pytest
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from app.paths import Paths


class Named:
    """An application that says its name, and by which route it was reached."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = scope.get("route")
        await send({"type": "said", "name": self.name, "route": getattr(route, "path", None)})


ROUTES: list[BaseRoute] = [
    Route("/plain", Named("plain")),
    Route("/plain", Named("never")),
    Route("/posted", Named("posted"), methods=["POST"]),
    Route("/posted", Named("other methods")),
    Route("/{name}/deep", Named("by name")),
    Route("/plain/deep", Named("hidden by a name")),
    Mount("/mounted", app=Named("mounted")),
]


async def said(app: ASGIApp, path: str, method: str, **more: Any) -> Any:
    found: list[Any] = []

    async def send(message: Any) -> None:
        found.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is read")

    scope = {"type": "http", "path": path, "method": method, "headers": [], **more}
    await app(scope, receive, send)
    return found


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize(
    "path", ["/plain", "/posted", "/some/deep", "/plain/deep", "/mounted/x", "/none", "/plain/"]
)
async def test_requests_go_where_the_router_sends_them(path: str, method: str) -> None:
    router = Router(ROUTES, default=Named("default"), redirect_slashes=False)
    paths = Paths(ROUTES, Named("default"))
    paths._router.redirect_slashes = False
    assert await said(paths, path, method) == await said(router, path, method)


async def test_below_a_root_path_the_router_decides() -> None:
    (found,) = await said(Paths(ROUTES, Named("default")), "/root/plain", "GET", root_path="/root")
    assert found["name"] == "plain"
    (found,) = await said(Paths(ROUTES, Named("default")), "/plain", "GET", root_path="/plain")
    assert found["name"] != "plain"
