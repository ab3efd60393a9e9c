"""JSON answers by orjson."""

import orjson
from starlette.responses import JSONResponse


class OrjsonResponse(JSONResponse):
    """Dates in UTC end in Z; what JSON does not know is written as text."""

    def render(self, content: object) -> bytes:
        """The body."""
        return orjson.dumps(content, default=str, option=orjson.OPT_UTC_Z)
