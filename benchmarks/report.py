"""What a run found, as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.measure import Figure


@dataclass(frozen=True, slots=True)
class Promise:
    """A bound that Tidemark sets itself, and what this run measured. `kept` is None where it was not run."""

    what: str
    wanted: str
    measured: str
    kept: bool | None


@dataclass(slots=True)
class Report:
    """Sections in the order they were measured, and the promises they bear on."""

    lines: list[str] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)

    def section(self, title: str, text: str = "") -> None:
        """Begin a section."""
        self.lines += [f"## {title}", "", *([text, ""] if text else [])]

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table; its first column is text, the rest numbers."""
        marks = ["---", *["---:"] * (len(headers) - 1)]
        self.lines += [_row(headers), _row(marks), *(_row(row) for row in rows), ""]

    def at_most(self, what: str, value: float | None, bound: float, unit: str = "×") -> None:
        """A promise that a number stays at or below a bound."""
        kept = None if value is None else value <= bound
        self.promises.append(Promise(what, f"≤ {bound:g} {unit}", number(value, unit), kept))

    def at_least(self, what: str, value: float | None, bound: float, unit: str = "×") -> None:
        """A promise that a number reaches a bound."""
        kept = None if value is None else value >= bound
        self.promises.append(Promise(what, f"≥ {bound:g} {unit}", number(value, unit), kept))

    def render(self, facts: Sequence[tuple[str, str]]) -> str:
        """The whole file: the facts of the run, the promises, the sections."""
        marks = {True: "yes", False: "**no**", None: "not run"}
        promises = [
            _row((each.what, each.wanted, each.measured, marks[each.kept]))
            for each in self.promises
        ]
        return "\n".join(
            [
                "# Results",
                "",
                "Written by `python -m benchmarks.run`; see README.md for what each row is."
                " Medians of the repetitions of one run, least–most in parentheses.",
                "",
                *(_row(fact) for fact in (("fact", "value"), ("---", "---"), *facts)),
                "",
                "## Promises",
                "",
                _row(("promise", "bound", "measured", "kept")),
                _row(("---", "---:", "---:", "---")),
                *promises,
                "",
                *self.lines,
            ]
        )


def number(value: float | None, unit: str) -> str:
    """A number with its unit; `–` where there is none."""
    if value is None:
        return "–"
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def text(value: Figure | None) -> str:
    """A figure as `4.2 (4.0–4.9)`."""
    return "–" if value is None else value.text()


def ratio(value: Figure | None, base: Figure | None) -> float | None:
    """How many times the median of `base` that of `value` is."""
    return value.median / base.median if value and base and base.median else None


def times(value: float | None) -> str:
    """A ratio as `3.1×`."""
    return "–" if value is None else f"{value:,.0f}×" if value >= 100 else f"{value:.3g}×"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
