"""`/v1/files/uploads`: a large file in several requests, each of which goes on at the offset that was reached."""

import asyncio
import re
from datetime import timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response
from sqlalchemy import RowMapping

from axo_api.dependencies import Axo, Owner, Parts, Reach
from axo_api.errors import Invalid
from axo_api.files import service as files
from axo_api.files.body import RAW_BODY
from axo_api.files.names import checked_name, checked_purpose
from axo_api.files.reading.rows import Unfit
from axo_api.files.removing import discard_content
from axo_api.files.schemas import File
from axo_api.housekeeping.quota import QuotaExceeded
from axo_api.json_body import TakesJson
from axo_api.uploads import service
from axo_api.uploads.schemas import NewUpload, Upload
from axo_api.uploads.service import UploadStatus
from axo_contracts.ids import FILE, new_id
from axo_contracts.wrappings import Wrapping

router = APIRouter(prefix="/v1/files/uploads", tags=["files"], route_class=TakesJson)
UploadId = Annotated[str, Path(pattern=r"^upload-[0-9a-z]{26}$", examples=["upload-01m80dj386h6snwnj5w2aq1gwa"])]
_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(?:\d{1,18}|\*)")


@router.post("", status_code=201, summary="Begin an upload")
async def begin_upload(new: NewUpload, axo: Axo, owner: Owner) -> Upload:
    """Begin an upload in several requests; send the bytes with `PUT` to what is returned."""
    name = checked_name(new.filename, "filename")
    await axo.quota.check(axo.database, owner, more=new.bytes or 0)
    row = service.new_row(
        owner=owner,
        filename=name.filename,
        purpose=checked_purpose(new.purpose),
        size=new.bytes,
        sha256=new.sha256,
        lifetime=_lifetime(axo),
    )
    await axo.database.write(partial(service.add, row=row))
    return Upload.from_row(row, offset=0)


@router.get("/{upload_id}", summary="See how far an upload is")
async def get_upload(upload_id: UploadId, axo: Axo, owner: Reach, response: Response) -> Upload:
    """Return what is known of an upload; `offset` says where it goes on."""
    row = await axo.database.read(partial(service.get, upload_id=upload_id, owner=owner))
    upload = await _shown(axo, row)
    response.headers["Upload-Offset"] = str(upload.offset)
    return upload


@router.head("/{upload_id}", response_class=Response, summary="Ask for an upload's offset")
async def get_offset(upload_id: UploadId, axo: Axo, owner: Reach) -> Response:
    """Answer with the header `Upload-Offset`."""
    row = await axo.database.read(partial(service.get, upload_id=upload_id, owner=owner))
    return Response(headers={"Upload-Offset": str((await _shown(axo, row)).offset)})


@router.put("/{upload_id}", openapi_extra=RAW_BODY, summary="Send bytes of an upload")
async def append(
    upload_id: UploadId,
    request: Request,
    axo: Axo,
    owner: Reach,
    upload_offset: Annotated[int | None, Header(ge=0, lt=2**63, description="Where the body goes.")] = None,
    content_range: Annotated[str | None, Header(description="The same as `bytes {first}-{last}/{total or *}`.")] = None,
) -> Upload:
    """Add the body at the offset, and return where it goes on.

    When the connection breaks, what arrived is kept: ask for the offset and go on there. A wrong offset is a 409 that
    says the right one. With the last byte of an upload whose size is known, the file is checked and made.
    """
    row = await axo.database.read(partial(service.get_pending, upload_id=upload_id, owner=owner))
    offset = _offset(upload_offset, content_range)
    try:
        reached = await axo.uploads.append(
            upload_id, _wrapping(row), request.stream(), offset=offset, total=row["bytes"]
        )
    except Unfit as error:
        raise await failed(axo, upload_id, error) from None
    finally:
        await axo.database.write(partial(service.prolong, upload_id=upload_id, lifetime=_lifetime(axo)))
    if reached == row["bytes"]:
        return await complete(axo, row)
    return await _reread(axo, upload_id, owner)


@router.post("/{upload_id}/complete", summary="Complete an upload")
async def complete_upload(upload_id: UploadId, axo: Axo, owner: Reach) -> Upload:
    """Check what was sent and make it a file; asked again, it answers the same."""
    row = await axo.database.read(partial(service.get, upload_id=upload_id, owner=owner))
    if row["status"] == UploadStatus.COMPLETED:
        return await _shown(axo, row)
    return await complete(axo, await axo.database.read(partial(service.get_pending, upload_id=upload_id, owner=owner)))


@router.delete("/{upload_id}", summary="Cancel an upload")
async def cancel_upload(upload_id: UploadId, axo: Axo, owner: Reach) -> Upload:
    """Forget what was sent."""
    await axo.database.read(partial(service.get_pending, upload_id=upload_id, owner=owner))
    await axo.database.write(partial(service.end, upload_id=upload_id, status=UploadStatus.CANCELLED))
    await asyncio.to_thread(axo.uploads.discard, upload_id)
    return await _reread(axo, upload_id, owner)


async def complete(axo: Parts, row: RowMapping) -> Upload:
    """Check what was sent and make it a file. Raises `Conflict`, and `Invalid` when it can be no data file."""
    file_id = new_id(FILE)
    try:
        contents = await axo.uploads.finish(
            row["id"], _wrapping(row), file_id=file_id, total=row["bytes"], sha256=row["sha256"]
        )
    except Unfit as error:
        raise await failed(axo, row["id"], error) from None
    name = checked_name(row["filename"])
    file = files.new_row(
        file_id,
        name,
        row["purpose"],
        contents,
        owner=row["owner"],
        lifetime_seconds=row["file_lifetime_seconds"],
    )
    try:
        await axo.quota.check(axo.database, row["owner"], more=file["bytes"])
    except QuotaExceeded:
        await discard_content(axo, file_id)
        await axo.database.write(partial(service.end, upload_id=row["id"], status=UploadStatus.FAILED))
        raise
    await axo.database.write(partial(service.complete, upload_id=row["id"], file=file))
    return await _reread(axo, row["id"], row["owner"])


async def failed(axo: Parts, upload_id: str, error: Unfit) -> Invalid:
    """End an upload whose bytes are of no use, and return the refusal that says why."""
    await axo.database.write(partial(service.end, upload_id=upload_id, status=UploadStatus.FAILED))
    await asyncio.to_thread(axo.uploads.discard, upload_id)
    return Invalid(f"file: {error}. Nothing of the upload was kept.", param="file")


async def _reread(axo: Parts, upload_id: str, owner: str | None) -> Upload:
    return await _shown(axo, await axo.database.read(partial(service.get, upload_id=upload_id, owner=owner)))


async def _shown(axo: Parts, row: RowMapping) -> Upload:
    if row["file_id"] is None:
        return Upload.from_row(row, offset=await asyncio.to_thread(axo.uploads.offset, row["id"]))
    file = await axo.database.read(partial(files.find_one, file_id=row["file_id"], owner=row["owner"]))
    return Upload.from_row(row, offset=row["bytes"] or 0, file=File.from_row(file) if file else None)


def _wrapping(row: RowMapping) -> Wrapping:
    return checked_name(row["filename"]).wrapping


def _offset(upload_offset: int | None, content_range: str | None) -> int:
    if upload_offset is not None:
        return upload_offset
    found = _RANGE.fullmatch(content_range or "")
    if found is None:
        raise Invalid(
            "Upload-Offset: say with this header, or with Content-Range (`bytes 0-999/1000`), where the body goes.",
            param="Upload-Offset",
        )
    return int(found[1])


def _lifetime(axo: Parts) -> timedelta:
    return timedelta(hours=axo.settings.files.upload_expiry_hours)
