"""The Numenta Anomaly Benchmark: `python -m benchmarks.nab` prints the tables of RESULTS_NAB.md."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from benchmarks import nab_gaussian
from benchmarks.nab_corpus import ARCHIVE, Series, read
from benchmarks.nab_runs import Run, alarms, at, by_default, run, tuned
from benchmarks.nab_score import PROFILES, STANDARD, Profile, Scored, best
from domain.anomaly import Detector

SENSITIVITIES = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)


def main() -> None:
    """Print every table, or why there is none."""
    if not ARCHIVE.exists():
        print(f"Skipped: {ARCHIVE} is absent.")
        return
    corpus = read()
    print("\n\n".join(["## The scorer", _gaussian(corpus), *_detector(corpus)]))


def _detector(corpus: Sequence[Series]) -> Iterable[str]:
    detector = Detector()
    runs, pace = run(corpus, detector)
    yield "## Scores"
    yield _scores(runs, detector)
    yield "## Sensitivity"
    yield _sensitivity(runs, detector)
    yield "## Where"
    yield _folders(runs)
    yield "## Alarms"
    yield _rates(runs)
    yield f"{pace:,.0f} points a second of one core."


def _gaussian(corpus: Sequence[Series]) -> str:
    scored = [Scored(nab_gaussian.scores(each.values), each.windows) for each in corpus]
    rows = [
        (p.name, nab_gaussian.PUBLISHED[p.name], round(best(scored, p).score, 2)) for p in PROFILES
    ]
    return table(("profile", "windowed Gaussian, published", "by our scorer"), rows)


def _scores(runs: Sequence[Run], detector: Detector) -> str:
    """Half A is the even places of the series sorted by name, half B the odd ones."""
    first, second = runs[::2], runs[1::2]

    def crossed(tune: Sequence[Run], judge: Sequence[Run]) -> Callable[[Profile], float]:
        return lambda p: at(judge, detector, p, tuned(tune, detector, p).threshold)

    rows: list[tuple[str, Callable[[Profile], float]]] = [
        ("defaults, all", lambda p: by_default(runs, p)),
        ("defaults, half A", lambda p: by_default(first, p)),
        ("defaults, half B", lambda p: by_default(second, p)),
        ("threshold tuned on A, scored on B", crossed(first, second)),
        ("threshold tuned on B, scored on A", crossed(second, first)),
        ("threshold tuned on all, all", lambda p: tuned(runs, detector, p).score),
        ("that threshold", lambda p: tuned(runs, detector, p).threshold),
    ]
    return table(
        ("", *(p.name for p in PROFILES)),
        [(name, *(_plain(found(p)) for p in PROFILES)) for name, found in rows],
    )


def _sensitivity(runs: Sequence[Run], detector: Detector) -> str:
    """What other thresholds would do to the standard score and to the number of alarms."""
    points = sum(len(run.scores) for run in runs)
    rows = []
    for threshold in SENSITIVITIES:
        raised = [replace(run, alarms=alarms(run, detector, threshold)) for run in runs]
        caught, total = sum(map(_caught, raised)), sum(len(run.alarms) for run in raised)
        mark = _plain(by_default(raised, STANDARD))
        rows.append((threshold, mark, caught, f"{1000 * total / points:.2f}"))
    return table(("threshold", "standard", "windows caught", "alarms per 1,000 points"), rows)


def _folders(runs: Sequence[Run]) -> str:
    groups = [(key, list(each)) for key, each in groupby(runs, lambda run: _folder(run.series))]
    rows = [_row(name, each) for name, each in [*groups, ("all", list(runs))]]
    heads = ("folder", "series", "windows", "caught", "alarms", "in windows", "standard score")
    return table(heads, rows)


def _row(name: str, runs: Sequence[Run]) -> tuple[object, ...]:
    windows = sum(len(run.series.windows) for run in runs)
    inside = sum(_inside(run) for run in runs)
    total = sum(len(run.alarms) for run in runs)
    mark = _plain(by_default(runs, STANDARD)) if windows else "–"
    return name, len(runs), windows, sum(_caught(run) for run in runs), total, inside, mark


def _rates(runs: Sequence[Run]) -> str:
    rows = [_rate(key, list(each)) for key, each in groupby(runs, lambda r: _folder(r.series))]
    heads = ("folder", "days", "points a day", "alarms a series and day", "per 1,000 points")
    return table(heads, [*rows, _rate("all", runs)])


def _rate(name: str, runs: Sequence[Run]) -> tuple[object, ...]:
    days = sum(run.series.days for run in runs)
    points = sum(len(run.scores) for run in runs)
    total = sum(len(run.alarms) for run in runs)
    return (
        name,
        f"{days:,.0f}",
        f"{points / days:,.0f}",
        f"{total / days:.2f}",
        f"{1000 * total / points:.2f}",
    )


def _folder(series: Series) -> str:
    return series.name.partition("/")[0]


def _caught(run: Run) -> int:
    return sum(any(row in window for row in run.alarms) for window in run.series.windows)


def _inside(run: Run) -> int:
    return sum(any(row in window for window in run.series.windows) for row in run.alarms)


def _plain(number: float) -> str:
    return f"{number:.3f}" if 0 < number < 1 else f"{number:.1f}"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


if __name__ == "__main__":
    main()
