"""Resident memory of API and worker: after mixed load, and after a rebuild of every rollup."""

import asyncio
import time
from collections.abc import Sequence

from benchmarks.contenders import QUESTIONS, Contender
from benchmarks.contenders.tidemark import Installation
from benchmarks.measure import Burst, Outcome, run
from benchmarks.options import Options
from benchmarks.report import Report
from benchmarks.scenarios.ingest import Target
from benchmarks.scenarios.progress import say
from benchmarks.servers import Process, process

API_MB = 150
WORKER_MB = 250
INGEST_PER_SECOND = 2_000
PER_REQUEST = 100
ASKING_CONNECTIONS = 4
PAUSE = 0.05
"""Seconds between two questions on one connection."""


async def mixed(
    own: Contender, worker: Process, target: Target, options: Options, report: Report
) -> None:
    """Ingest and questions together for `options.mixed` seconds."""
    say(f"  mixed load for {options.mixed:.0f} s")
    requests = target.requests(PER_REQUEST)
    rate = INGEST_PER_SECOND / PER_REQUEST
    questions = tuple(each for asked in QUESTIONS for each in own.questions[asked])
    watched = [own.process, worker]
    peaks, outcomes = await asyncio.gather(
        _peaks(watched, options.mixed),
        asyncio.gather(
            run(Burst(target.url, requests, 8, options.mixed, rate=rate)),
            run(Burst(own.url, questions, ASKING_CONNECTIONS, options.mixed, idle_between=PAUSE)),
        ),
    )
    _write_mixed(report, watched, peaks, outcomes, options)


async def rebuild(
    own: Contender, worker: Process, installation: Installation, size: str, report: Report
) -> None:
    """Rebuild every rollup from raw events while serving."""
    say(f"  rebuild of {size} events")
    began = time.perf_counter()
    with process(installation.command("tidemark-rebuild", "rollup", "rebuild")) as command:
        watched = [own.process, worker, command]
        peaks = dict.fromkeys((each.name for each in watched), 0.0)
        while command.popen.poll() is None:
            _raise_peaks(peaks, watched)
            await asyncio.sleep(0.5)
        if command.popen.returncode:
            raise RuntimeError(f"The rebuild failed:\n{command.tail()}")
    seconds = time.perf_counter() - began
    report.section(f"Rebuild of {size} events", f"It took {seconds:,.0f} s.")
    report.table(("process", "largest RSS, MiB"), [[k, f"{v:.0f}"] for k, v in peaks.items()])
    _promise(report, f"after a rebuild of {size}", own, worker)


async def _peaks(watched: Sequence[Process], seconds: float) -> dict[str, float]:
    peaks = dict.fromkeys((each.name for each in watched), 0.0)
    for _ in range(int(seconds)):
        await asyncio.sleep(1.0)
        _raise_peaks(peaks, watched)
    return peaks


def _raise_peaks(peaks: dict[str, float], watched: Sequence[Process]) -> None:
    for each in watched:
        if each.popen.poll() is None:
            peaks[each.name] = max(peaks[each.name], each.rss_mb())


def _write_mixed(
    report: Report,
    watched: Sequence[Process],
    peaks: dict[str, float],
    outcomes: Sequence[Outcome],
    options: Options,
) -> None:
    sent, asked = outcomes
    report.section(
        "Memory under mixed load",
        f"{options.mixed:.0f} s: {sent.completed * PER_REQUEST:,} events ({sent.failed} requests failed)"
        f" and {asked.completed:,} questions ({asked.failed} failed).",
    )
    rows = [[each.name, f"{each.rss_mb():.0f}", f"{peaks[each.name]:.0f}"] for each in watched]
    report.table(("process", "RSS at the end, MiB", "largest"), rows)
    own, worker = watched
    report.at_most("Memory of the API after mixed load", own.rss_mb(), API_MB, "MiB")
    report.at_most("Memory of the worker after mixed load", worker.rss_mb(), WORKER_MB, "MiB")


def _promise(report: Report, when: str, own: Contender, worker: Process) -> None:
    report.at_most(f"Memory of the API {when}", own.process.rss_mb(), API_MB, "MiB")
    report.at_most(f"Memory of the worker {when}", worker.rss_mb(), WORKER_MB, "MiB")
