"""Metrics as clients see them."""

from typing import Literal

from pydantic import BaseModel


class NonFinite(BaseModel):
    """A point that is no finite number."""

    step: int
    value: Literal["nan", "inf", "-inf"]


class MetricSeries(BaseModel):
    """The points of one metric of one job, by rising steps. `steps`, `epochs` and `values` are equally long."""

    object: Literal["job.metric_series"] = "job.metric_series"
    job: str
    name: str
    total: int
    """How many points there are in full resolution; of them `steps` shows no more than were asked for."""
    steps: list[int]
    epochs: list[float | None]
    values: list[float | None]
    """One that is no finite number is null, and listed in `non_finite`. Steps without the metric are left out."""
    non_finite: list[NonFinite]


class MetricSeriesList(BaseModel):
    """Series, by job and then by name."""

    object: Literal["list"] = "list"
    data: list[MetricSeries]
