"""The supervisor: what ends is started again, what is told to stop does."""

import asyncio
import signal
import sys
from pathlib import Path

from app.child import Command
from app.supervisor import Child, supervise


def _child(script: str, asked: list[str], stop: asyncio.Event, stop_at: int) -> Child:
    """A child that counts how often its command is asked for, and stops all at some number."""

    def command() -> Command:
        asked.append(script)
        if len(asked) == stop_at:
            asyncio.get_running_loop().call_soon(stop.set)
        return Command("test", (sys.executable, "-c", script))

    return Child(command)


async def test_a_child_that_ends_is_started_again(tmp_path: Path) -> None:
    """The command is asked for at each start, and once more for the log line after each end."""
    lives = tmp_path / "lives"
    stop = asyncio.Event()
    script = f"open({str(lives)!r}, 'a').write('x')"
    await supervise([_child(script, [], stop, stop_at=5)], stop)
    assert lives.read_text() in ("xx", "xxx")


async def test_all_children_end_at_the_stop() -> None:
    stop = asyncio.Event()
    asked: list[str] = []
    children = [_child("import time; time.sleep(600)", asked, stop, stop_at=2) for _ in range(2)]
    await supervise(children, stop)
    codes = [child.process.returncode for child in children if child.process]
    assert codes == [-signal.SIGTERM, -signal.SIGTERM]
