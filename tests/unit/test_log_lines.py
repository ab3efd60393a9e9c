"""Every line of a request carries its correlation id, whoever writes it."""

import json
import logging

from app.correlation import CURRENT
from app.logs import _formatter
from app.settings import Settings


def written() -> dict[str, str]:
    record = logging.LogRecord("any.library", logging.INFO, "", 0, "said", None, None)
    return dict(json.loads(_formatter(Settings(log_format="json")).format(record)))


def test_lines_of_a_request_say_which() -> None:
    token = CURRENT.set("mine-1")
    try:
        assert written()["correlation_id"] == "mine-1"
    finally:
        CURRENT.reset(token)
    assert "correlation_id" not in written()
