"""`tidemark up` for real: what it starts, survives and leaves behind."""

import asyncio
import os
import shutil
import signal
import socket
import stat
from contextlib import suppress
from pathlib import Path
from threading import Timer

import psutil
import pytest

from db.pool import connect
from db.queries import load
from tests.behaviour.tidemark import PATIENCE, Running, free_port, gone, running, start, until


def _killed(up: Running, name: str) -> int:
    """Kill a child without warning; returns the process id it had."""
    child = up.children()[name]
    child.kill()
    return child.pid


def _came_back(up: Running, name: str, before: int) -> bool:
    child = up.children().get(name)
    return child is not None and child.pid != before and up.ready()


async def _remember(up: Running) -> None:
    connection = await connect(up.home.running()["database_url"])
    await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    await connection.close()


async def _remembered(up: Running) -> int:
    connection = await connect(up.home.running()["database_url"])
    answer = await connection.fetchval("SELECT answer FROM kept")
    await connection.close()
    return int(answer)


def _said(up: Running, words: str) -> str:
    """What it printed up to the line with these words; it is ended where it never prints them."""
    assert up.process.stdout is not None
    lines = []
    patience = Timer(PATIENCE, up.process.kill)
    patience.start()
    for line in up.process.stdout:
        lines.append(line)
        if words in line:
            break
    patience.cancel()
    return "".join(lines)


def _end_by_themselves(family: list[psutil.Process]) -> None:
    try:
        until(lambda: gone(family), "every child ended after its parent was killed")
    finally:
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()


async def test_data_outlives_a_kill_of_the_parent_and_nothing_is_orphaned(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        await _remember(up)
        family = up.family()
        assert len(family) >= 4
        up.process.kill()
        _end_by_themselves(family)
    with running(tmp_path) as again:
        assert await _remembered(again) == 42


async def test_a_worker_in_the_middle_of_its_work_ends_with_its_parent(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        holder = await connect(up.home.running()["database_url"])
        await holder.transaction().start()
        await holder.execute(load("rollups")["lock"])
        async with asyncio.timeout(PATIENCE):
            while not await holder.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                pass
        family = up.family()
        up.process.kill()
        _end_by_themselves(family)
        holder.terminate()


def test_each_killed_part_comes_back(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        for name in ("postgres", "valkey-server", "serve", "worker"):
            before = _killed(up, name)
            until(lambda: _came_back(up, name, before), f"{name} is back")  # noqa: B023


def test_the_parent_ends_all_it_started(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        output = _said(up, "Ctrl-C stops it.")
        assert f"http://127.0.0.1:{up.port}" in output
        family = up.family()
        up.process.send_signal(signal.SIGINT)
        assert up.process.wait(PATIENCE) == 0, output
        assert gone(family)
        assert all(role in output for role in ("admin", "business_viewer", "ops_viewer", "ingest"))


def test_secrets_are_for_their_owner_and_servers_for_this_machine_only(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        for name in ("secrets.json", "running.json"):
            assert stat.S_IMODE((up.home.path / name).stat().st_mode) == 0o600
        listening = {
            connection.laddr.ip
            for process in (*up.family(), psutil.Process(up.process.pid))
            for connection in process.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening == {"127.0.0.1"}
        words = " ".join(" ".join(process.cmdline()) for process in up.family())
        secrets = up.home.secrets()
        assert not any(secrets[f"{name}_password"] in words for name in ("postgres", "valkey"))


def test_a_port_in_use_is_named_with_its_holder(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(tmp_path, port)
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    (line,) = output.splitlines()
    assert f"Port {port} is in use by process {os.getpid()} (" in line
    assert f"PORT={port + 1}" in line


def test_a_second_up_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        process = start(tmp_path, free_port())
        output, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 2
        assert f"process {up.process.pid}" in output
        assert "TIDEMARK_HOME" in output
        assert up.ready()


def test_with_addresses_set_nothing_embedded_starts(
    tmp_path: Path, dsn: str, redis_url: str
) -> None:
    with running(tmp_path, DATABASE_URL=dsn, REDIS_URL=redis_url) as up:
        assert set(up.children()) == {"serve", "worker"}
        assert not (up.home.path / "postgres").exists()
        assert not (up.home.path / "valkey").exists()


def test_a_wrong_setting_ends_the_start(tmp_path: Path) -> None:
    process = start(tmp_path, free_port(), WEEK_START="someday")
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert output.startswith("tidemark: WEEK_START='someday': ")
    assert not (tmp_path / ".tidemark").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("mode", [0o755, 0o700], ids=["passable", "closed"])
def test_root_runs_postgresql_as_somebody_else(tmp_path: Path, mode: int) -> None:
    """In a folder that others can pass it changes the user, in one they cannot it uses a namespace."""
    folder = tmp_path / "checkout"
    folder.mkdir(mode=mode)
    before = stat.S_IMODE(folder.stat().st_mode)
    with running(folder) as up:
        status = Path(f"/proc/{up.children()['postgres'].pid}/status").read_text()
        assert "CapEff:\t0000000000000000" in status
    assert stat.S_IMODE(folder.stat().st_mode) == before


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare")
def test_an_ordinary_user_needs_nothing_special(tmp_path: Path) -> None:
    """Within a user namespace the tests' own user is an ordinary one."""
    ordinary = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
    with running(tmp_path, before=ordinary) as up:
        spaces = {str(Path(f"/proc/{process.pid}/ns/user").readlink()) for process in up.family()}
        assert spaces == {str(Path(f"/proc/{up.process.pid}/ns/user").readlink())}
        assert str(Path("/proc/self/ns/user").readlink()) not in spaces


def test_an_api_whose_port_is_in_use_names_the_holder(
    tmp_path: Path, dsn: str, redis_url: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(
            tmp_path,
            port,
            what=("serve",),
            DATABASE_URL=dsn,
            REDIS_URL=redis_url,
        )
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert output.startswith(f"tidemark: Port {port} is in use by process {os.getpid()} (")


def test_a_folder_that_cannot_be_made_is_named_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    process = start(tmp_path, free_port(), TIDEMARK_HOME=str(tmp_path / "file" / "home"))
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert output.startswith(
        f"tidemark: TIDEMARK_HOME='{tmp_path}/file/home': no folder can be made"
    )


@pytest.mark.parametrize("host", ["127.0.0.1:1", "no-such-host.invalid"])
def test_a_database_that_is_not_there_is_one_line(tmp_path: Path, host: str) -> None:
    process = start(tmp_path, free_port(), DATABASE_URL=f"postgresql://x:y@{host}/z")
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert output.startswith("tidemark: a server does not answer")
    assert "`tidemark doctor`" in output
