"""GraphiQL, which a browser gets in development: all of it served from here, nothing from another host."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from domain.errors import NotFound

CONSOLE_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; font-src data:; img-src 'self' data:;"
    " style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page runs scripts of its own server and talks to it alone. Its editor styles its lines."""

_OWN = Path(__file__).parent
_PACKAGE = "graphene_django_graphiql_static"
_BUNDLED = Path(str(files(_PACKAGE))) / "static" / _PACKAGE
_FILES: Mapping[str, Path] = {
    "console.css": _OWN,
    "console.js": _OWN,
    "graphiql.min.css": _BUNDLED,
    "graphiql.min.js": _BUNDLED,
    "graphql-ws.min.js": _BUNDLED,
    "react-dom.production.min.js": _BUNDLED,
    "react.production.min.js": _BUNDLED,
}
_TYPES = {".css": "text/css", ".js": "text/javascript"}


def console_page() -> Response:
    """The page, with the policy that it runs under."""
    page = _content(_OWN, "console.html")
    return HTMLResponse(page, headers={"Content-Security-Policy": CONSOLE_POLICY})


async def console_file(request: Request) -> Response:
    """A script or style of the page; open to all, as a browser asks for it without a credential."""
    name = request.path_params["name"]
    folder = _FILES.get(name)
    if folder is None:
        raise NotFound(f"There is nothing at {request.url.path}.")
    return Response(
        _content(folder, name),
        media_type=_TYPES[Path(name).suffix],
        headers={"Cache-Control": "no-cache" if folder is _OWN else "public, max-age=86400"},
    )


@cache
def _content(folder: Path, name: str) -> bytes:
    return (folder / name).read_bytes()
