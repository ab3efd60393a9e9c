"""What is not Python goes into the wheel and the image as well, and both know the settings."""

import re
import tomllib
from pathlib import Path

import pytest

from app.cli import PARTS
from app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SETUP = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
ROOMS = sorted({each.rstrip("*") for each in SETUP["packages"]["find"]["include"]})
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text("utf-8")
FOR_READERS = {"db/schema.sql"}
"""Written for people and compared by tests; nothing reads it when the program runs."""


@pytest.mark.parametrize("room", ROOMS)
def test_every_file_that_the_program_reads_is_in_the_wheel(room: str) -> None:
    present = {
        str(path.relative_to(ROOT))
        for path in (ROOT / room).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    packed = {
        str(path.relative_to(ROOT))
        for pattern in SETUP["package-data"].get(room, [])
        for path in (ROOT / room).glob(pattern)
    }
    assert present - FOR_READERS == packed


def test_the_image_leaves_out_nothing_that_the_program_reads() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert not {*ROOMS, "README.md", "pyproject.toml", "requirements.lock"} & set(ignored)
    assert "COPY . ." in DOCKERFILE


def test_the_services_run_commands_that_there_are() -> None:
    commands = [name for names in PARTS.values() for name in names]
    asked = re.findall(r"^    command: \[([a-z]+)\]$", COMPOSE, flags=re.MULTILINE)
    assert set(asked) == {"migrate", "serve", "worker"} <= set(commands)


def test_the_services_set_settings_that_there_are() -> None:
    names = {name.upper() for name in Settings.model_fields}
    block = COMPOSE.partition("&settings\n")[2].partition("\nservices:")[0]
    given = set(re.findall(r"^    ([A-Z_]+):", block, flags=re.MULTILINE))
    assert {"DATABASE_URL", "REDIS_URL"} <= given <= names
    assert set(re.findall(r"^ +([A-Z_]+)=\S+ ?\\?$", DOCKERFILE, flags=re.MULTILINE)) <= {
        *names,
        "PYTHONUNBUFFERED",
    }
