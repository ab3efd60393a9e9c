"""Who may use the folder `.tidemark`."""

import fcntl
import os
import subprocess
from pathlib import Path

import pytest

from app import home
from domain.errors import ConfigurationError


def _ended() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


@pytest.mark.parametrize(
    ("holder", "said"),
    [
        (os.getpid(), f"Another `tidemark up` (process {os.getpid()}) uses"),
        (_ended(), "What an ended `tidemark up` left running uses"),
    ],
    ids=["by another", "by what another left behind"],
)
def test_a_folder_in_use_is_refused_and_says_by_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, holder: int, said: str
) -> None:
    monkeypatch.setattr(home, "_LEFTOVERS_PATIENCE", 0.0)
    folder = home.Home.at(tmp_path)
    with (folder.path / "lock").open("w") as file:
        file.write(str(holder))
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ConfigurationError, match="TIDEMARK_HOME") as refused, folder.only_one():
            pass
    assert str(refused.value).startswith(said)
    with folder.only_one():
        assert (folder.path / "lock").read_text() == str(os.getpid())
