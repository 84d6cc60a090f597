"""`/v1/housekeeping`, `/v1/usage` and `…/dependents`: what would go, who takes how much, and what needs what."""

from functools import partial

from fastapi import APIRouter

from axo_api.dependencies import ADMIN, Axo, Owner, Reach
from axo_api.files import service as files
from axo_api.files.endpoints import FileId
from axo_api.housekeeping import sweep as sweeping
from axo_api.housekeeping.schemas import DependentList, DependentView, Housekeeping, Usage
from axo_api.jobs.endpoints import JobId
from axo_api.jobs.service import get
from axo_api.models.dependents import Dependent, of_file, of_job

router = APIRouter(tags=["housekeeping"])


@router.get("/v1/housekeeping", dependencies=[ADMIN], summary="See what a sweep would remove")
async def preview_housekeeping(axo: Axo) -> Housekeeping:
    """List what is to go by the operator's rules, and why. Nothing is removed. docs/housekeeping.md has the rules."""
    found = await sweeping.what_would_go(axo)
    return Housekeeping.of(found, axo.settings.sweep, dry_run=True, failed={})


@router.post("/v1/housekeeping", dependencies=[ADMIN], summary="Sweep")
async def run_housekeeping(axo: Axo) -> Housekeeping:
    """Remove what is to go by the operator's rules. What a live job needs, or an alias names, is never touched."""
    swept = await sweeping.sweep(axo)
    return Housekeeping.of(swept.gone, axo.settings.sweep, dry_run=False, failed=swept.failed)


@router.get("/v1/usage", summary="See how much storage one takes")
async def get_usage(axo: Axo, owner: Owner) -> Usage:
    """Return what one's files, checkpoints and results take, and how much they may."""
    stored = await axo.quota.stored(axo.database, owner)
    told = {f"{name}_bytes": size for name, size in stored._asdict().items()}
    return Usage(owner=owner, **told, used_bytes=stored.total, limit_bytes=axo.quota.limit(owner))


@router.get("/v1/jobs/{job_id}/dependents", tags=["jobs"], summary="See what depends on a job")
async def list_job_dependents(job_id: JobId, axo: Axo, owner: Reach) -> DependentList:
    """List the jobs and aliases that need what a job has left."""
    await axo.database.read(partial(get, job_id=job_id, owner=owner))
    return _shown(await axo.database.read(partial(of_job, job_id=job_id)))


@router.get("/v1/files/{file_id}/dependents", tags=["files"], summary="See what depends on a file")
async def list_file_dependents(file_id: FileId, axo: Axo, owner: Reach) -> DependentList:
    """List the jobs that name a file: those that have not ended need it, the others do to be retried."""
    row = await axo.database.read(partial(files.get, file_id=file_id, owner=owner))
    return _shown(await axo.database.read(partial(of_file, file_id=file_id, owner=row["owner"])))


def _shown(found: list[Dependent]) -> DependentList:
    return DependentList(data=[DependentView(**one._asdict()) for one in found])
