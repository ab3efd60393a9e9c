"""Machine-learning pipelines."""

from enum import Enum
from typing import Annotated, Any

import strawberry

from graph.fields import computed
from graph.measured_types import types_of
from graph.section_arguments import (
    AUTO,
    FIRST_GROUPS,
    First,
    Info,
    Length,
    MaxPoints,
    OrderBy,
    cut,
    order,
)
from graph.selection import selection_of
from graph.types.meta import Meta
from resolvers import ml
from resolvers.ml import MlSection

_JOBS = types_of(ml.FIGURES)

Root = strawberry.Parent[MlSection]


@strawberry.enum(description="What jobs are told apart by.")
class JobDimension(Enum):
    PROVIDER = strawberry.enum_value("provider", description="The provider that did the work.")
    PIPELINE = strawberry.enum_value("pipeline", description="The pipeline.")
    STAGE = strawberry.enum_value("stage", description="The stage, within assets.")


By = Annotated[
    JobDimension | None,
    strawberry.argument(description="One series for each value of it; one in all without."),
]


def _overview(description: str) -> Any:
    """A field: all jobs of the section together."""

    async def shown(root: Root, info: Info) -> object:
        return await root.totals(_JOBS.selected(selection_of(info)))

    return computed(description, _JOBS.overview | None)(shown)


def _by(description: str, dimension: str) -> Any:
    """A field: jobs by one dimension."""

    async def shown(
        root: Root, info: Info, first: First = FIRST_GROUPS, order_by: OrderBy = None
    ) -> object:
        selected = _JOBS.selected_groups(selection_of(info))
        return await root.groups(dimension, selected, order(first, order_by))

    return computed(description, _JOBS.groups | None)(shown)


def _over_time() -> Any:
    """A field: jobs bucket by bucket."""

    async def shown(
        root: Root,
        info: Info,
        granularity: Length = AUTO,
        max_points: MaxPoints = None,
        by: By = None,
    ) -> object:
        selected = _JOBS.selected_series(selection_of(info))
        return await root.series(selected, cut(granularity, max_points, by))

    return computed("Over time.", _JOBS.series | None)(shown)


def _only(description: str, shown_as: Any, dimension: str, value: str) -> Any:
    """A field: the section of the jobs with this value."""

    def shown(root: Root) -> object:
        return root.only(dimension, value)

    return computed(description, shown_as)(shown)


@strawberry.type(description="The jobs of one pipeline, or of one stage of it.")
class MlPipeline:
    overview = _overview("All of its jobs together.")
    providers = _by("By the provider that did the work.", "provider")
    timeseries = _over_time()


@strawberry.type(description="Asset processing, stage by stage.")
class MlAssets(MlPipeline):
    ingestion = _only("Assets taken in.", MlPipeline, "stage", "ingestion")
    versioning = _only("Versions made.", MlPipeline, "stage", "versioning")
    approval = _only("Assets approved.", MlPipeline, "stage", "approval")
    stages = _by("By stage, whatever it is called.", "stage")


@strawberry.type(description="The jobs of all machine-learning pipelines.")
class MlPipelines:
    overview = _overview("All jobs together.")
    generation3d = _only(
        "3D models: jobs with the pipeline generation3d.", MlPipeline, "pipeline", "generation3d"
    )
    descriptions = _only(
        "Image descriptions: jobs with the pipeline descriptions.",
        MlPipeline,
        "pipeline",
        "descriptions",
    )
    assets = _only(
        "Asset processing: jobs with the pipeline assets.", MlAssets, "pipeline", "assets"
    )
    pipelines = _by("By pipeline, whatever it is called.", "pipeline")
    providers = _by("By the provider that did the work: Replicate, Tripo, …", "provider")
    timeseries = _over_time()

    @computed("How good the section is, over all of its selected parts.", Meta)
    async def meta(root: Root) -> object:
        return await root.section.meta()
