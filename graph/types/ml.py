"""Machine-learning pipelines."""

from enum import Enum
from typing import Annotated

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


@strawberry.type(description="The jobs of one pipeline, or of one stage of it.")
class MlPipeline:
    @computed("All of its jobs together.", _JOBS.overview | None)
    async def overview(root: Root, info: Info) -> object:
        return await _totals(root, info)

    @computed("By the provider that did the work.", _JOBS.groups | None)
    async def providers(
        root: Root, info: Info, first: First = FIRST_GROUPS, order_by: OrderBy = None
    ) -> object:
        return await _groups(root, info, "provider", first, order_by)

    @computed("Over time.", _JOBS.series | None)
    async def timeseries(
        root: Root,
        info: Info,
        granularity: Length = AUTO,
        max_points: MaxPoints = None,
        by: By = None,
    ) -> object:
        selected = _JOBS.selected_series(selection_of(info))
        return await root.series(selected, cut(granularity, max_points, by))


@strawberry.type(description="Asset processing, stage by stage.")
class MlAssets(MlPipeline):
    @computed("Assets taken in.", MlPipeline)
    def ingestion(root: Root) -> object:
        return root.only("stage", "ingestion")

    @computed("Versions made.", MlPipeline)
    def versioning(root: Root) -> object:
        return root.only("stage", "versioning")

    @computed("Assets approved.", MlPipeline)
    def approval(root: Root) -> object:
        return root.only("stage", "approval")

    @computed("By stage, whatever it is called.", _JOBS.groups | None)
    async def stages(
        root: Root, info: Info, first: First = FIRST_GROUPS, order_by: OrderBy = None
    ) -> object:
        return await _groups(root, info, "stage", first, order_by)


@strawberry.type(description="The jobs of all machine-learning pipelines.")
class MlPipelines:
    @computed("All jobs together.", _JOBS.overview | None)
    async def overview(root: Root, info: Info) -> object:
        return await _totals(root, info)

    @computed("3D models: jobs with the pipeline generation3d.", MlPipeline)
    def generation3d(root: Root) -> object:
        return root.only("pipeline", "generation3d")

    @computed("Image descriptions: jobs with the pipeline descriptions.", MlPipeline)
    def descriptions(root: Root) -> object:
        return root.only("pipeline", "descriptions")

    @computed("Asset processing: jobs with the pipeline assets.", MlAssets)
    def assets(root: Root) -> object:
        return root.only("pipeline", "assets")

    @computed("By pipeline, whatever it is called.", _JOBS.groups | None)
    async def pipelines(
        root: Root, info: Info, first: First = FIRST_GROUPS, order_by: OrderBy = None
    ) -> object:
        return await _groups(root, info, "pipeline", first, order_by)

    @computed("By the provider that did the work: Replicate, Tripo, …", _JOBS.groups | None)
    async def providers(
        root: Root, info: Info, first: First = FIRST_GROUPS, order_by: OrderBy = None
    ) -> object:
        return await _groups(root, info, "provider", first, order_by)

    @computed("Over time.", _JOBS.series | None)
    async def timeseries(
        root: Root,
        info: Info,
        granularity: Length = AUTO,
        max_points: MaxPoints = None,
        by: By = None,
    ) -> object:
        selected = _JOBS.selected_series(selection_of(info))
        return await root.series(selected, cut(granularity, max_points, by))

    @computed("How good the section is, over all of its selected parts.", Meta)
    async def meta(root: Root) -> object:
        return await root.section.meta()


async def _totals(root: MlSection, info: Info) -> object:
    return await root.totals(_JOBS.selected(selection_of(info)))


async def _groups(
    root: MlSection, info: Info, dimension: str, first: First, order_by: OrderBy
) -> object:
    selected = _JOBS.selected_groups(selection_of(info))
    return await root.groups(dimension, selected, order(first, order_by))
