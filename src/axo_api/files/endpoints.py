"""`/v1/files`: upload, list, read and delete data files."""

import asyncio
from functools import partial
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse

from axo_api.dependencies import Axo, Owner, Parts
from axo_api.files import service
from axo_api.files.preview import first_rows
from axo_api.files.schemas import DeletedFile, File, FileReport, Preview
from axo_api.files.upload import PURPOSES, receive
from axo_api.pagination import After, Limit, Page, page
from axo_contracts import storage_paths
from axo_contracts.ids import FILE, new_id

router = APIRouter(prefix="/v1/files", tags=["files"])
FileId = Annotated[str, Path(pattern=r"^file-[0-9a-z]{26}$", examples=["file-01m80dj386h6snwnj5w2aq1gwa"])]

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
                        "file": {"type": "string", "format": "binary", "description": "A .jsonl file."},
                    },
                }
            }
        },
    }
}


@router.post("", status_code=201, openapi_extra=UPLOAD, summary="Upload a file")
async def upload_file(request: Request, axo: Axo, owner: Owner) -> File:
    """Store a .jsonl file of chat or preference rows; it may be of any size.

    Its rows are checked on the way. A file with bad rows is stored too: its report lists them, and jobs refuse it.
    """
    file_id = new_id(FILE)
    upload = await receive(
        request.headers.get("content-type"),
        request.stream(),
        storage_root=axo.settings.storage_root,
        file_id=file_id,
    )
    row = service.new_row(file_id, upload, owner=owner)
    await axo.database.write(partial(service.add, row=row))
    return File.from_row(row)


@router.get("", summary="List files")
async def list_files(
    axo: Axo,
    owner: Owner,
    after: After = None,
    limit: Limit = 20,
    purpose: Annotated[str | None, Query(description="Only files for this purpose.")] = None,
) -> Page[File]:
    """List files, newest first."""
    rows = await axo.database.read(partial(service.find, owner=owner, after=after, limit=limit, purpose=purpose))
    return page([File.from_row(row) for row in rows], limit)


@router.get("/{file_id}", summary="Get a file")
async def get_file(file_id: FileId, axo: Axo, owner: Owner) -> File:
    """Return what is known of a file."""
    return File.from_row(await axo.database.read(partial(service.get, file_id=file_id, owner=owner)))


@router.delete("/{file_id}", summary="Delete a file")
async def delete_file(file_id: FileId, axo: Axo, owner: Owner) -> DeletedFile:
    """Delete a file that no live job needs."""
    await axo.database.write(partial(service.remove, file_id=file_id, owner=owner))
    await asyncio.to_thread(_content(axo, file_id).unlink, missing_ok=True)
    return DeletedFile(id=file_id)


@router.get("/{file_id}/content", response_class=FileResponse, summary="Download a file")
async def download_file(file_id: FileId, axo: Axo, owner: Owner) -> FileResponse:
    """Send the file as it was uploaded; `Range` is honoured."""
    row = await axo.database.read(partial(service.get, file_id=file_id, owner=owner))
    return FileResponse(_content(axo, file_id), filename=row["filename"], media_type="application/jsonl")


@router.get("/{file_id}/preview", summary="See a file's first rows")
async def preview_file(
    file_id: FileId, axo: Axo, owner: Owner, rows: Annotated[int, Query(ge=1, le=100)] = 5
) -> Preview:
    """Return the first rows; long ones are cut."""
    await axo.database.read(partial(service.get, file_id=file_id, owner=owner))
    return Preview(data=await asyncio.to_thread(first_rows, _content(axo, file_id), rows))


@router.get("/{file_id}/report", summary="See what is wrong in a file")
async def read_report(file_id: FileId, axo: Axo, owner: Owner) -> FileReport:
    """Return what was found when the file was uploaded: each bad row with its number, the reason and an excerpt."""
    row = await axo.database.read(partial(service.get, file_id=file_id, owner=owner))
    return FileReport(file_id=file_id, **row["report"])


def _content(axo: Parts, file_id: str) -> FilePath:
    return axo.settings.storage_root / storage_paths.uploaded_file(file_id)
