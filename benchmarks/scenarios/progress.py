"""Words for the person who watches."""

import sys
import time

_BEGAN = time.monotonic()


def say(line: str) -> None:
    """Print a line with the seconds since the run began."""
    sys.stdout.write(f"{time.monotonic() - _BEGAN:7.1f} {line}\n")
    sys.stdout.flush()
