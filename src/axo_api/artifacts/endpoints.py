"""`/v1/jobs/{id}/artifacts…`: the files that a job has left."""

import asyncio
from datetime import timedelta
from functools import partial
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy import RowMapping

from axo_api.answers import answered_as
from axo_api.artifacts.archive import Archive, Member
from axo_api.artifacts.download import ArtifactDownload
from axo_api.artifacts.files import ArtifactFile, artifact_file, files_of, find_artifacts
from axo_api.artifacts.schemas import ArtifactList, NewUrl, SignedUrl
from axo_api.artifacts.signed_urls import signed
from axo_api.clock import now
from axo_api.dependencies import Axo, Parts, Reach
from axo_api.downloads import RANGE, Download, download_answers
from axo_api.errors import NotFound
from axo_api.jobs.endpoints import JobId
from axo_api.jobs.service import get
from axo_api.json_body import TakesJson
from axo_contracts import storage_paths
from axo_contracts.lifecycle import ON_A_WORKER

router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["a job's output"], route_class=TakesJson)
Attempt = Annotated[int, Path(ge=1, lt=2**31)]


@router.get("/artifacts", summary="List a job's artifacts")
async def list_artifacts(job_id: JobId, axo: Axo, owner: Reach) -> ArtifactList:
    """List the files that the trainer wrote, in each attempt, checkpoints and all, with their hashes."""
    job = await _job(axo, job_id, owner)
    find = partial(
        find_artifacts,
        axo.settings.storage_root / storage_paths.attempts(job_id),
        running=job["attempt"] if job["status"] in ON_A_WORKER else None,
        with_pickles=axo.settings.serve_pickles,
    )
    return ArtifactList(data=await asyncio.to_thread(find))


@router.get(
    "/artifacts.tar",
    response_class=StreamingResponse,
    responses=answered_as("application/x-tar"),
    summary="Download artifacts as a tar",
)
async def download_archive(
    job_id: JobId,
    axo: Axo,
    owner: Reach,
    attempt: Annotated[int | None, Query(ge=1, lt=2**31, description="Left out: the result's, or the newest.")] = None,
    path: Annotated[str, Query(max_length=4096, description="Only files whose path begins with this.")] = "",
) -> Archive:
    """Send the files of one attempt, in a folder named for the job. Files that cannot be downloaded are left out.

    When a file is removed meanwhile, the connection is closed before the announced length.
    """
    job = await _job(axo, job_id, owner)
    number = attempt or job["result_attempt"] or job["attempt"]
    members = await asyncio.to_thread(_members, axo, job_id, number, path)
    if not members:
        raise NotFound(f"Attempt {number} has no file to download whose path begins with {path!r}.", param="path")
    return Archive(members, f"{job_id}-{number}.tar")


@router.get(
    "/artifacts/{attempt}/{path:path}",
    response_class=Download,
    responses=download_answers("application/octet-stream"),
    openapi_extra=RANGE,
    summary="Download an artifact",
)
async def download_artifact(job_id: JobId, attempt: Attempt, path: str, axo: Axo, owner: Reach) -> Download:
    """Send one file; `Range` is honoured, and `If-Range` with the ETag, which is the file's SHA-256 where it is known.

    A URL with `expires`, `owner` and `signature`, as `POST …/url` gives it, needs no key.
    """
    await _job(axo, job_id, owner)
    found = await asyncio.to_thread(_find, axo, job_id, attempt, path)
    headers = {} if found.sha256 is None else {"ETag": f'"{found.sha256}"'}
    return ArtifactDownload(found.path, found.root, headers)


@router.post("/artifacts/{attempt}/{path:path}/url", status_code=201, summary="Make a download URL")
async def make_url(
    job_id: JobId, attempt: Attempt, path: str, wanted: NewUrl, request: Request, axo: Axo, owner: Reach
) -> SignedUrl:
    """Make a URL that downloads one file without a key until it expires. It cannot be revoked before."""
    job = await _job(axo, job_id, owner)
    await asyncio.to_thread(_find, axo, job_id, attempt, path)
    expires_at = (now() + timedelta(seconds=wanted.expires_in)).replace(microsecond=0)
    place = f"/v1/jobs/{job_id}/artifacts/{attempt}/{path}"
    url = signed(str(request.base_url), place, owner=job["owner"], expires_at=expires_at, key=axo.signing_key)
    return SignedUrl(url=url, expires_at=expires_at)


async def _job(axo: Parts, job_id: str, owner: str | None) -> RowMapping:
    return await axo.database.read(partial(get, job_id=job_id, owner=owner))


def _find(axo: Parts, job_id: str, attempt: int, path: str) -> ArtifactFile:
    return artifact_file(_folder(axo, job_id, attempt), path, with_pickles=axo.settings.serve_pickles)


def _members(axo: Parts, job_id: str, attempt: int, prefix: str) -> list[Member]:
    root, folder = axo.settings.storage_root, _folder(axo, job_id, attempt)
    files = files_of(attempt, folder, with_pickles=axo.settings.serve_pickles)
    return [
        Member(f"{job_id}/{file.path}", root, folder / storage_paths.OUTPUTS / file.path, file.bytes, file.modified_at)
        for file in files
        if file.downloadable and file.path.startswith(prefix)
    ]


def _folder(axo: Parts, job_id: str, attempt: int) -> FilePath:
    return axo.settings.storage_root / storage_paths.attempt(job_id, attempt)
