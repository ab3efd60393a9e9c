"""The jobs of machine-learning pipelines: how many, how they ended, how long they took, what they cost."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import InvalidInput
from domain.questions import Filter
from resolvers import measured_figures as figures
from resolvers.breakdown import Breakdown
from resolvers.conditions import joined
from resolvers.measured_figures import Figures
from resolvers.section_parts import Cut, Order, Section, Selected
from resolvers.timeseries import TimeSeries
from resolvers.totals import Totals

JOBS = "ml_job"

DURATION = figures.durations("JobDuration", "How long jobs took, in ms.")
FIGURES = Figures(
    "Jobs",
    "What became of jobs.",
    {
        "jobs": figures.events("Jobs."),
        "failed": figures.errors("Jobs that failed."),
        "succeeded": figures.successes("Jobs that did not fail."),
        "successRate": figures.success_rate("Jobs that did not fail over jobs, 0 to 1."),
        "duration": DURATION,
        "cost": figures.total(
            "What the jobs with a known cost did cost, in US dollars; null where none is known,"
            " which is not 0.",
            "cost",
        ),
        "jobsWithCost": figures.with_measure("Jobs of which the cost is known.", "cost"),
        "avgCost": figures.mean("The mean cost of the jobs of which it is known.", "cost"),
    },
)


@dataclass(frozen=True, slots=True)
class MlSection:
    """Jobs of a range that meet a condition: a pipeline's, a stage's, some providers'."""

    section: Section
    filter: Filter | None = None

    @classmethod
    def of(cls, section: Section, providers: Sequence[str] | None) -> "MlSection":
        """All pipelines, at these providers alone where any are named."""
        if providers is None:
            return cls(section)
        if not providers:
            raise InvalidInput(
                "providers names none; leave it out for all of them.",
                code="INVALID_FILTER",
                field="providers",
            )
        return cls(section, Filter(dimension="provider", isin=tuple(dict.fromkeys(providers))))

    def only(self, dimension: str, value: str) -> "MlSection":
        """Those of one pipeline or stage."""
        return MlSection(
            self.section, joined(self.filter, Filter(dimension=dimension, isin=(value,)))
        )

    async def totals(self, selected: Selected) -> Totals:
        """The figures of all of these jobs."""
        return await self.section.totals(JOBS, self.filter, selected)

    async def groups(self, dimension: str, selected: Selected, order: Order) -> Breakdown:
        """The figures by provider, pipeline or stage."""
        return await self.section.groups(JOBS, dimension, self.filter, selected, order)

    async def series(self, selected: Selected, cut: Cut) -> TimeSeries:
        """The figures over time."""
        return await self.section.series(JOBS, self.filter, selected, cut)
