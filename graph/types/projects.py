"""Projects by their news."""

import strawberry

from domain.project_figures import PROJECT_KIND
from graph.figure_fields import groups_field, meta_field, overview_field, series_field
from graph.figure_types import KindTypes

_PROJECTS = KindTypes(PROJECT_KIND)


@strawberry.type(
    description="Projects that had news in the range; each is in the furthest state told."
)
class Projects:
    statistics = overview_field("All projects together.", _PROJECTS)
    impact = groups_field(
        "Whom they reach and at what cost, by sector, region, project or status.",
        _PROJECTS,
        by="sector",
        rank="beneficiaries",
    )
    completion = groups_field(
        "How many are completed, by sector, region or project.",
        _PROJECTS,
        by="sector",
        rank="completionRate",
    )
    beneficiaries = series_field("People reached over time.", _PROJECTS)
    meta = meta_field()
