"""The page that a browser gets in development: an editor for queries, all of it served from here."""

import base64
import hashlib
import re
from pathlib import Path

CONSOLE = (Path(__file__).parent / "console.html").read_text("utf-8")


def _hashes(tag: str) -> str:
    found = re.findall(rf"<{tag}>(.*?)</{tag}>", CONSOLE, re.DOTALL)
    digests = (hashlib.sha256(text.encode()).digest() for text in found)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


CONSOLE_POLICY = (
    f"default-src 'none'; connect-src 'self'; script-src {_hashes('script')};"
    f" style-src {_hashes('style')}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page may run its own script and style and talk to its own server, and nothing else."""
