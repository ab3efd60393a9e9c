"""Logs of child processes: put aside once they are large, while somebody writes."""

import asyncio
from pathlib import Path

from app import log_files
from app.log_files import bounded_logs, open_log, put_aside


def test_a_writer_goes_on_where_the_log_was_emptied(tmp_path: Path) -> None:
    path = tmp_path / "api.log"
    with open_log(path) as writer:
        writer.write(b"before\n")
        writer.flush()
        put_aside(path, largest=3)
        writer.write(b"after\n")
    assert path.read_bytes() == b"after\n"
    assert (tmp_path / "api.log.1").read_bytes() == b"before\n"


def test_a_small_log_and_one_that_is_not_there_stay(tmp_path: Path) -> None:
    path = tmp_path / "api.log"
    path.write_bytes(b"few\n")
    put_aside(path, largest=4)
    put_aside(tmp_path / "none.log", largest=4)
    assert [each.name for each in tmp_path.iterdir()] == ["api.log"]


def _sizes(folder: Path) -> dict[str, int]:
    return {each.name: each.stat().st_size for each in folder.glob("*.log")}


async def test_every_log_of_the_folder_is_looked_after(tmp_path: Path) -> None:
    for name in ("api.log", "postgres.log"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(log_files.LARGEST + 1)
    stop = asyncio.Event()
    asyncio.get_running_loop().call_soon(stop.set)
    await bounded_logs(tmp_path, stop)
    assert _sizes(tmp_path) == {"api.log": 0, "postgres.log": 0}
