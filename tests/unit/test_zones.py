import os
import subprocess
import sys
from zoneinfo import ZoneInfo

import pytest

from domain.errors import InvalidInput
from domain.zones import zone, zone_names


def test_gives_the_zone_of_an_iana_name() -> None:
    assert zone("Asia/Kathmandu") == ZoneInfo("Asia/Kathmandu")
    assert zone("UTC") is zone("UTC")


def test_every_listed_name_is_taken() -> None:
    assert len(zone_names()) > 500
    assert all(zone(name).key == name for name in zone_names())


@pytest.mark.parametrize(
    ("name", "close"),
    [
        ("Europe/Berln", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("Berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("utc", "UTC"),
    ],
)
def test_an_unknown_name_brings_those_that_come_close(name: str, close: str) -> None:
    with pytest.raises(InvalidInput, match=f"Did you mean .*{close}") as raised:
        zone(name, field="timeZone")
    assert raised.value.code == "UNKNOWN_TIME_ZONE"
    assert raised.value.field == "timeZone"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe/../Europe/Berlin",
        "Europe",
        "localtime",
        "Factory",
        "posix/Europe/Berlin",
        "right/Europe/Berlin",
        "posixrules",
        "zone.tab",
        "Europe/Berlin\0",
        "Europe/Berlin\n",
        "+02:00",
        "Ｅurope/Berlin",
        "A" * 100_000,
    ],
)
def test_paths_and_garbage_are_refused_as_unknown(name: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        zone(name)
    assert raised.value.code == "UNKNOWN_TIME_ZONE"
    assert len(raised.value.message) < 300


def test_the_package_stands_in_where_the_machine_has_no_database() -> None:
    found = subprocess.run(
        [sys.executable, "-c", "from domain.zones import zone; print(zone('Asia/Kolkata'))"],
        env={**os.environ, "PYTHONTZPATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "Asia/Kolkata"
