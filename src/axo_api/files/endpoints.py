"""`/v1/files`: upload, list, read and delete data files."""

import asyncio
from functools import partial
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy import RowMapping

from axo_api.answers import refused_with
from axo_api.dependencies import Axo, Listed, Owner, Parts, Reach
from axo_api.downloads import RANGE, Download, download_answers
from axo_api.files import service
from axo_api.files.body import RAW_BODY
from axo_api.files.limits import unpack_limits
from axo_api.files.names import PURPOSES, checked_name, checked_purpose
from axo_api.files.overlap import overlap
from axo_api.files.preview import first_rows
from axo_api.files.removing import discard_content, remove_file
from axo_api.files.schemas import DeletedFile, File, FileReport, Overlap, Preview
from axo_api.files.upload import Place, Upload, receive_form, receive_raw
from axo_api.housekeeping.quota import QuotaExceeded
from axo_api.pagination import After, Page, page
from axo_contracts import storage_paths
from axo_contracts.ids import FILE, new_id

router = APIRouter(prefix="/v1/files", tags=["files"])
FILE_ID = r"^file-[0-9a-z]{26}$"
FileId = Annotated[str, Path(pattern=FILE_ID, examples=["file-01m80dj386h6snwnj5w2aq1gwa"])]

FILE_FIELD = "Its name ends in .jsonl, .json, .csv or .parquet, or in one of these and .gz or .zst."

UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["purpose", "file"],
                    "properties": {
                        "purpose": {"type": "string", "enum": list(PURPOSES)},
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": FILE_FIELD,
                        },
                        "expires_after[anchor]": {"type": "string", "enum": ["created_at"]},
                        "expires_after[seconds]": {"type": "integer", "minimum": 3600, "maximum": 2592000},
                    },
                }
            }
        },
    }
}


@router.post("", status_code=201, openapi_extra=UPLOAD, summary="Upload a file")
async def upload_file(request: Request, axo: Axo, owner: Owner) -> File:
    """Store a file of training rows; it may be of any size. docs/data.md lists what a row may be.

    Its rows are checked on the way. A file with bad rows is stored too: its report lists them, and jobs refuse it.
    """
    await axo.quota.check(axo.database, owner)
    place = _new_place(axo)
    upload = await receive_form(request.headers.get("content-type"), request.stream(), place)
    return await _made(axo, place, upload, owner)


@router.put("", status_code=201, openapi_extra=RAW_BODY, summary="Upload a file as it is")
async def put_file(
    request: Request,
    axo: Axo,
    owner: Owner,
    filename: Annotated[str, Query(max_length=1024, description="Its ending says what it is.")],
    purpose: Annotated[str, Query(max_length=1024)] = "fine-tune",
) -> File:
    """Store a body that is the file, as `curl -T rows.jsonl` sends it. To go on after a break, begin an upload."""
    await axo.quota.check(axo.database, owner, more=int(request.headers.get("content-length", 0)))
    place = _new_place(axo)
    name = checked_name(filename, "filename")
    upload = await receive_raw(request.stream(), place, name, checked_purpose(purpose))
    return await _made(axo, place, upload, owner)


@router.get("", summary="List files")
async def list_files(
    axo: Axo,
    owner: Listed,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Items a page.")] = 20,
    purpose: Annotated[str | None, Query(description="Only files for this purpose.")] = None,
    order: Annotated[service.Order, Query(description="desc: newest first; asc: oldest first.")] = "desc",
) -> Page[File]:
    """List files."""
    rows = await axo.database.read(
        partial(service.find, owner=owner, after=after, limit=limit, purpose=purpose, order=order)
    )
    return page([File.from_row(row) for row in rows], limit)


@router.get("/{file_id}", summary="Get a file")
async def get_file(file_id: FileId, axo: Axo, owner: Reach) -> File:
    """Return what is known of a file."""
    return File.from_row(await axo.database.read(partial(service.get, file_id=file_id, owner=owner)))


@router.delete("/{file_id}", summary="Delete a file")
async def delete_file(file_id: FileId, axo: Axo, owner: Reach) -> DeletedFile:
    """Delete a file that no live job needs."""
    await remove_file(axo, file_id, owner=owner)
    return DeletedFile(id=file_id)


@router.get(
    "/{file_id}/content",
    response_class=Download,
    responses=download_answers("application/jsonl", "application/octet-stream"),
    openapi_extra=RANGE,
    summary="Download a file",
)
async def download_file(file_id: FileId, axo: Axo, owner: Reach) -> Download:
    """Send the file as it was uploaded; `Range` is honoured."""
    row = await axo.database.read(partial(service.get, file_id=file_id, owner=owner))
    return Download(_content(axo, file_id), filename=row["filename"], media_type=_media_type(row))


@router.get("/{file_id}/preview", summary="See a file's first rows")
async def preview_file(
    file_id: FileId, axo: Axo, owner: Reach, rows: Annotated[int, Query(ge=1, le=100)] = 5
) -> Preview:
    """Return the first rows as they are given, unpacked and as JSON; long ones are cut."""
    row = await axo.database.read(partial(service.get, file_id=file_id, owner=owner))
    read = partial(first_rows, _content(axo, file_id), service.wrapping_of(row), unpack_limits(axo.settings), rows)
    return Preview(data=await asyncio.to_thread(read))


@router.get("/{file_id}/report", summary="See what is in a file")
async def read_report(file_id: FileId, axo: Axo, owner: Reach) -> FileReport:
    """Return what was found when the file was uploaded: counts, warnings, and each bad row with the reason."""
    return FileReport.from_row(await axo.database.read(partial(service.get, file_id=file_id, owner=owner)))


@router.get("/{file_id}/overlap", responses=refused_with(409), summary="Compare two files")
async def compare_files(
    file_id: FileId, axo: Axo, owner: Reach, other: Annotated[str, Query(alias="with", pattern=FILE_ID)]
) -> Overlap:
    """Return how many rows two files share, such as one to train on and one to validate with."""
    for name in (file_id, other):
        await axo.database.read(partial(service.get, file_id=name, owner=owner))
    found = await asyncio.to_thread(overlap, axo.settings.storage_root, file_id, other)
    return Overlap(file_id=file_id, other_file_id=other, common_rows=found.rows, is_exact=found.is_exact)


def _new_place(axo: Parts) -> Place:
    return Place(axo.settings.storage_root, new_id(FILE), axo.checkers)


async def _made(axo: Parts, place: Place, upload: Upload, owner: str) -> File:
    row = service.new_row(
        place.file_id,
        upload.name,
        upload.purpose,
        upload.contents,
        owner=owner,
        lifetime_seconds=upload.lifetime_seconds,
    )
    try:
        await axo.quota.check(axo.database, owner, more=row["bytes"])
    except QuotaExceeded:
        await discard_content(axo, place.file_id)
        raise
    await axo.database.write(partial(service.add, row=row))
    return File.from_row(row)


def _content(axo: Parts, file_id: str) -> FilePath:
    return axo.settings.storage_root / storage_paths.uploaded_file(file_id)


def _media_type(row: RowMapping) -> str:
    return "application/jsonl" if row["suffix"] == ".jsonl" else "application/octet-stream"
