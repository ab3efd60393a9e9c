"""Measure Tidemark beside its peers and its limits: `python -m benchmarks.run --help`."""

import argparse
import asyncio
import dataclasses
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.home import Home
from benchmarks import machine
from benchmarks.bench import Bench
from benchmarks.options import QUICK, SCENARIOS, SIZES, Options
from benchmarks.scenarios.progress import say
from benchmarks.servers import servers

RESULTS = Path(__file__).parent / "RESULTS.md"


def main() -> None:
    """Run what the command line asks for and write the results."""
    arguments = _parser().parse_args()
    options = _options(arguments)
    with _folder(arguments.dir) as folder, servers(folder) as running:
        bench = Bench(folder, running, options)
        asyncio.run(bench.run())
    command = shlex.join(["python", "-m", "benchmarks.run", *_measuring(sys.argv[1:])])
    facts = machine.facts(command, bench.peer_versions)
    arguments.output.write_text(bench.report.render(facts))
    say(f"written to {arguments.output}")
    for promise in bench.report.promises:
        mark = {True: "kept", False: "BROKEN", None: "not run"}[promise.kept]
        say(f"{mark:8} {promise.what}: {promise.measured} (bound {promise.wanted})")


def _measuring(given: list[str]) -> list[str]:
    """The arguments without places of this machine."""
    places = {at for at, each in enumerate(given) if each in ("--dir", "--output")}
    return [each for at, each in enumerate(given) if at not in places and at - 1 not in places]


@contextmanager
def _folder(parent: Path | None) -> Iterator[Path]:
    """A folder that PostgreSQL's user may pass through, and that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tidemark-bench-", dir=parent) as made:
        Path(made).chmod(0o711)
        yield Home.at(Path(made) / "run").path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few minutes, not to be quoted")
    parser.add_argument("--sizes", type=_names(SIZES), help=f"by comma, of {', '.join(SIZES)}")
    parser.add_argument(
        "--scenarios", type=_names(SCENARIOS), help=f"by comma, of {', '.join(SCENARIOS)}"
    )
    parser.add_argument("--repetitions", type=int)
    parser.add_argument("--burst", type=float, metavar="SECONDS", help="length of one burst")
    parser.add_argument("--keep-up", type=float, metavar="SECONDS")
    parser.add_argument("--mixed", type=float, metavar="SECONDS")
    parser.add_argument(
        "--no-peers", dest="peers", action="store_false", default=None, help="leave Node out"
    )
    parser.add_argument(
        "--dir", type=Path, help="where the servers keep their data (a temporary folder)"
    )
    parser.add_argument("--output", type=Path, default=RESULTS)
    return parser


def _options(arguments: argparse.Namespace) -> Options:
    base = QUICK if arguments.quick else Options()
    given = {field.name: getattr(arguments, field.name) for field in dataclasses.fields(Options)}
    return dataclasses.replace(base, **{k: v for k, v in given.items() if v is not None})


def _names(valid):
    def parse(text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        wrong = [each for each in names if each not in valid]
        if wrong:
            raise argparse.ArgumentTypeError(f"{wrong[0]!r} is none of {', '.join(valid)}")
        return names

    return parse


if __name__ == "__main__":
    main()
