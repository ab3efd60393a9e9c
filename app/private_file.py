"""Small JSON files that only their owner may read, replaced whole."""

import json
import os
from pathlib import Path


def read_private(path: Path) -> dict[str, str]:
    """What the file holds; empty where there is none."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return {str(name): str(value) for name, value in found.items()}


def write_private(path: Path, values: dict[str, str]) -> None:
    """Write with mode 0600, so that no moment shows the file open to others or half written."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(values, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
