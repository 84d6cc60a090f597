"""`/v1/jobs/{id}/metrics` and `/v1/metrics`: what was measured, thinned for a plot or in full resolution."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection

from axo_api.answers import refused_with
from axo_api.dependencies import Axo, Parts, Reach
from axo_api.errors import Invalid
from axo_api.jobs.endpoints import JobId
from axo_api.jobs.service import get
from axo_api.metrics import service
from axo_api.metrics.lines import STEPS_END
from axo_api.metrics.schemas import MetricSeriesList
from axo_api.metrics.service import Wanted
from axo_api.metrics.thinning import LEAST

router = APIRouter(prefix="/v1", tags=["a job's output"])

MOST_JOBS = 50
NDJSON, CSV = "application/x-ndjson", "text/csv"
FORMATS = {NDJSON: "ndjson", CSV: "csv"}
SHAPES: dict[int | str, dict[str, Any]] = {
    200: {
        "model": MetricSeriesList,
        "description": "Series, thinned; or every point, one a line.",
        "content": {NDJSON: {"schema": {"type": "string"}}, CSV: {"schema": {"type": "string"}}},
    }
}


class _Asked(NamedTuple):
    names: Sequence[str] | None
    from_step: int
    points: int
    format: str


async def _asked(
    names: Annotated[str | None, Query(description="Only these, comma-separated, such as loss,eval_loss.")] = None,
    from_step: Annotated[int, Query(ge=0, lt=STEPS_END, description="The first step.")] = 0,
    points: Annotated[int, Query(ge=LEAST, le=100_000, description="Points at most, of each series.")] = 1000,
    format: Annotated[  # noqa: A002 (it is the parameter's name)
        Literal["json", "ndjson", "csv"] | None,
        Query(description="`json`: thinned series; `ndjson`, `csv`: every point. Left out, `Accept` decides."),
    ] = None,
    accept: Annotated[str, Header(description="`application/x-ndjson` or `text/csv` for every point.")] = "",
) -> _Asked:
    by_header = next((name for media_type, name in FORMATS.items() if media_type in accept.lower()), "json")
    return _Asked(_listed(names) if names is not None else None, from_step, points, format or by_header)


Asked = Annotated[_Asked, Depends(_asked)]


@router.get("/jobs/{job_id}/metrics", response_class=Response, responses=SHAPES, summary="Read a job's metrics")
async def read_metrics(job_id: JobId, axo: Axo, owner: Reach, asked: Asked) -> Response:
    """Return what the trainer logged, a series a name, thinned so that no high, low, NaN or infinite value is lost.

    After a resume, the newest attempt's points count. A live job's series hold what was recorded by now.
    """
    return await _answer(axo, owner, [job_id], asked)


@router.get(
    "/metrics", response_class=Response, responses=SHAPES | refused_with(404), summary="Compare the metrics of jobs"
)
async def compare_metrics(
    axo: Axo,
    owner: Reach,
    asked: Asked,
    jobs: Annotated[str, Query(min_length=1, description=f"Ids, comma-separated, at most {MOST_JOBS}.")],
) -> Response:
    """Return what `/v1/jobs/{id}/metrics` does, of several jobs at once."""
    job_ids = _listed(jobs)
    if len(job_ids) > MOST_JOBS:
        raise Invalid(f"jobs: {len(job_ids)} are too many; ask for {MOST_JOBS} at most.", param="jobs")
    return await _answer(axo, owner, job_ids, asked)


async def _answer(axo: Parts, owner: str | None, job_ids: Sequence[str], asked: _Asked) -> Response:
    """Raise `NotFound` when one of the jobs is not there, or not within reach."""
    await axo.database.read(partial(_check, job_ids=job_ids, owner=owner))
    wanted = Wanted(axo.settings.storage_root, job_ids, asked.names, asked.from_step)
    match asked.format:
        case "ndjson":
            return StreamingResponse(service.ndjson(wanted), media_type=NDJSON)
        case "csv":
            lines = await asyncio.to_thread(service.csv, wanted)
            return StreamingResponse(lines, media_type=f"{CSV}; charset=utf-8")
        case _:
            text = await asyncio.to_thread(service.series_json, wanted, asked.points)
            return Response(text, media_type="application/json")


def _check(connection: Connection, job_ids: Sequence[str], owner: str | None) -> None:
    for job_id in job_ids:
        get(connection, job_id, owner=owner)


def _listed(text: str) -> list[str]:
    return [*dict.fromkeys(part.strip() for part in text.split(",") if part.strip())]
