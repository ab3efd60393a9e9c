"""The process of the limits."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.child import Command
from benchmarks.contenders import DASHBOARD, SERIES, SUMMARY, TIMESERIES, Contender
from benchmarks.contenders.dashboard import Spans
from benchmarks.measure import request
from benchmarks.ports import free_port
from benchmarks.servers import process
from benchmarks.window import Window, iso

CONSTANT = "constant"
LONG_CONSTANT = "constant, as long"


@contextmanager
def limits(folder: Path, database_url: str, window: Window) -> Iterator[Contender]:
    """Bare Starlette over Tidemark's tables."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = Command(
        name="limits",
        argv=(
            *(sys.executable, "-m", "uvicorn", "benchmarks.contenders.limit_app:app"),
            *("--host", "127.0.0.1", "--port", str(port), "--no-access-log"),
            *("--loop", "uvloop", "--http", "httptools", "--log-level", "warning"),
        ),
        env={"DATABASE_URL": database_url},
        log=folder / "limits.log",
    )
    whole = f"from={iso(window.start)}&to={iso(window.end)}"
    points = f"from={iso(window.points_start)}&to={iso(window.end)}"
    with process(command, f"{url}/constant") as child:
        yield Contender(
            name="limit",
            url=url,
            process=child,
            questions={
                CONSTANT: (request("GET", f"{url}/constant"),),
                LONG_CONSTANT: (request("GET", f"{url}/constant-long"),),
                DASHBOARD: (request("GET", f"{url}/dashboard?{Spans.of(window).query()}"),),
                SUMMARY: (request("GET", f"{url}/summary?{whole}"),),
                TIMESERIES: (request("GET", f"{url}/timeseries?{whole}"),),
                SERIES: (request("GET", f"{url}/series?{points}"),),
            },
        )
