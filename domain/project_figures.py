"""Figures of projects: how many in which state, what they cost and whom they reach."""

from decimal import Decimal

from domain.amounts import Amounts
from domain.figures import Figure, Kind, Tallies, needs, rate
from domain.questions import COUNT, MeasureKey
from domain.tallies import Source

STATES = ("completed", "cancelled", "active", "planned")
"""The furthest first: a project is in the furthest state that its news tell of."""

_PEOPLE = MeasureKey("sum", "beneficiaries")
_BUDGET = MeasureKey("sum", "budget")
_SPENT = MeasureKey("sum", "spent")

NEWS = Source("project_update")
BY_STATE = Source("project_update", ("project", "status"))
BY_PROJECT = Source("project_update", ("project",))
MONEY = Source("project_update", ("currency",))


def _in_state(tallies: Tallies, state: str) -> int:
    """How many projects got to the state and no further."""
    reached = {each: tallies[BY_STATE].only("status", each).named("project") for each in STATES}
    further = STATES[: STATES.index(state)]
    return len(reached[state].difference(*(reached[each] for each in further)))


def _projects(tallies: Tallies) -> int:
    return tallies[BY_STATE].distinct("project")


def _completion(tallies: Tallies) -> float | None:
    return rate(_in_state(tallies, "completed"), _projects(tallies))


def _progress(tallies: Tallies) -> float | None:
    """The mean over the projects that say how far they are."""
    found = [each.greatest("progress") for each in tallies[BY_PROJECT].by("project").values()]
    known = [each for each in found if each is not None]
    return float(sum(known) / len(known)) if known else None


def _people(tallies: Tallies) -> Decimal | None:
    return tallies[NEWS].total("beneficiaries")


def _cost_of_one(tallies: Tallies) -> Amounts:
    """Money spent for each person reached; nothing where it was spent in several currencies."""
    spent, people = tallies[MONEY].amounts("spent"), _people(tallies)
    if spent.total is None or not people:
        return Amounts()
    return spent.over({spent.total.currency: people})


def _used(tallies: Tallies) -> float | None:
    """What is spent of the budget; None unless both are in one and the same currency."""
    budget, spent = (tallies[MONEY].amounts(name).total for name in ("budget", "spent"))
    if budget is None or spent is None or budget.currency != spent.currency:
        return None
    return rate(spent.amount, budget.amount)


PROJECT_KIND = Kind(
    name="ProjectNews",
    description="Projects by their news.",
    figures={
        "projects": Figure("Projects that had news.", "whole", needs(BY_STATE, COUNT), _projects),
        "planned": Figure(
            "Projects that are planned and no more.",
            "whole",
            needs(BY_STATE, COUNT),
            lambda found: _in_state(found, "planned"),
        ),
        "active": Figure(
            "Projects that run.",
            "whole",
            needs(BY_STATE, COUNT),
            lambda found: _in_state(found, "active"),
        ),
        "completed": Figure(
            "Projects that are completed.",
            "whole",
            needs(BY_STATE, COUNT),
            lambda found: _in_state(found, "completed"),
        ),
        "cancelled": Figure(
            "Projects that were cancelled and not completed.",
            "whole",
            needs(BY_STATE, COUNT),
            lambda found: _in_state(found, "cancelled"),
        ),
        "completionRate": Figure(
            "Projects completed over projects; null without projects.",
            "number",
            needs(BY_STATE, COUNT),
            _completion,
        ),
        "averageProgress": Figure(
            "The mean progress in per cent, over projects that tell it.",
            "number",
            needs(BY_PROJECT, COUNT, MeasureKey("max", "progress")),
            _progress,
        ),
        "updates": Figure(
            "News of projects.", "whole", needs(NEWS, COUNT), lambda found: found[NEWS].count()
        ),
        "beneficiaries": Figure(
            "People reached; null where no news say.", "exact", needs(NEWS, _PEOPLE), _people
        ),
        "budget": Figure(
            "Budget granted.",
            "money",
            needs(MONEY, _BUDGET),
            lambda found: found[MONEY].amounts("budget"),
        ),
        "spent": Figure(
            "Money spent.",
            "money",
            needs(MONEY, _SPENT),
            lambda found: found[MONEY].amounts("spent"),
        ),
        "budgetUsed": Figure(
            "Money spent over budget; null unless both are in one currency.",
            "number",
            needs(MONEY, _BUDGET, _SPENT),
            _used,
        ),
        "costPerBeneficiary": Figure(
            "Money spent for each person reached, where it is in one currency.",
            "money",
            {**needs(MONEY, _SPENT), **needs(NEWS, _PEOPLE)},
            _cost_of_one,
        ),
    },
    rank="updates",
    dimensions=("sector", "region", "project", "status"),
)
"""Projects that had news in the range."""
