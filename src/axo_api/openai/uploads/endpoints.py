"""`/v1/uploads`: create, add parts, complete, cancel."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from sqlalchemy import RowMapping

from axo_api.dependencies import Axo, Owner, Parts, Reach
from axo_api.errors import Invalid
from axo_api.files import service as files
from axo_api.files.names import checked_name, checked_purpose
from axo_api.files.reading.rows import Unfit
from axo_api.files.schemas import File
from axo_api.json_body import TakesJson
from axo_api.openai.uploads import service
from axo_api.openai.uploads.parts import discard_parts, md5_of, pieces, receive_part
from axo_api.openai.uploads.schemas import Completion, NewUpload, Upload, UploadPart
from axo_api.uploads import endpoints as native
from axo_api.uploads import service as uploads
from axo_api.uploads.receiving import WrongOffset
from axo_api.uploads.service import UploadStatus
from axo_contracts.ids import PART, new_id
from axo_contracts.storage_paths import upload_part

router = APIRouter(prefix="/v1/uploads", tags=["OpenAI's fine-tuning API"], route_class=TakesJson)

UploadId = Annotated[str, Path(pattern=r"^upload-[0-9a-z]{26}$", examples=["upload-01m80dj386h6snwnj5w2aq1gwa"])]

PART_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["data"],
                    "properties": {"data": {"type": "string", "format": "binary", "description": "64 MiB at most."}},
                }
            }
        },
    }
}


@router.post("", summary="Create an upload")
async def create_upload(new: NewUpload, axo: Axo, owner: Owner) -> Upload:
    """Begin a file that comes in parts."""
    await axo.quota.check(axo.database, owner, more=new.bytes)
    row: Any = uploads.new_row(
        owner=owner,
        filename=checked_name(new.filename, "filename").filename,
        purpose=checked_purpose(new.purpose),
        size=new.bytes,
        sha256=None,
        lifetime=timedelta(hours=axo.settings.files.upload_expiry_hours),
        file_lifetime_seconds=new.expires_after.seconds if new.expires_after else None,
    )
    await axo.database.write(partial(uploads.add, row=row))
    return Upload.from_row(row)


@router.post("/{upload_id}/parts", openapi_extra=PART_BODY, summary="Add a part")
async def add_part(upload_id: UploadId, request: Request, axo: Axo, owner: Reach) -> UploadPart:
    """Store a part of up to 64 MiB. Parts may come side by side: their order is said when the upload is completed."""
    await axo.database.read(partial(uploads.get_pending, upload_id=upload_id, owner=owner))
    part_id = new_id(PART)
    path = axo.settings.storage_root / upload_part(upload_id, part_id)
    size = await receive_part(request.headers.get("content-type"), request.stream(), path)
    add = partial(service.add_part, upload_id=upload_id, part_id=part_id, size=size, owner=owner)
    row = await axo.database.write(add)
    lifetime = timedelta(hours=axo.settings.files.upload_expiry_hours)
    await axo.database.write(partial(uploads.prolong, upload_id=upload_id, lifetime=lifetime))
    return UploadPart(id=part_id, created_at=int(row["created_at"].timestamp()), upload_id=upload_id)


@router.post("/{upload_id}/complete", summary="Complete an upload")
async def complete_upload(upload_id: UploadId, completion: Completion, axo: Axo, owner: Reach) -> Upload:
    """Put the parts together in the order that is given, check them, and make the file. Asked again: the same."""
    row = await axo.database.read(partial(uploads.get, upload_id=upload_id, owner=owner))
    if row["status"] != UploadStatus.COMPLETED:
        row = await axo.database.read(partial(uploads.get_pending, upload_id=upload_id, owner=owner))
        await _complete(axo, row, completion)
    return await _shown(axo, upload_id, owner)


@router.post("/{upload_id}/cancel", summary="Cancel an upload")
async def cancel_upload(upload_id: UploadId, axo: Axo, owner: Reach) -> Upload:
    """Forget what was sent."""
    await axo.database.read(partial(uploads.get_pending, upload_id=upload_id, owner=owner))
    await axo.database.write(partial(uploads.end, upload_id=upload_id, status=UploadStatus.CANCELLED))
    await _discard(axo, upload_id)
    return await _shown(axo, upload_id, owner)


async def _complete(axo: Parts, row: RowMapping, completion: Completion) -> None:
    upload_id, part_ids = row["id"], completion.part_ids
    root = axo.settings.storage_root
    check = partial(service.check_parts, upload_id=upload_id, part_ids=part_ids, total=row["bytes"])
    await axo.database.read(check)
    if completion.md5 is not None:
        found = await asyncio.to_thread(md5_of, root, upload_id, part_ids)
        if found != completion.md5.lower():
            raise Invalid(f"md5: the parts hash to {found} in this order, not to {completion.md5}.", param="md5")
    try:
        await _put_together(axo, row, part_ids)
    except Unfit as error:
        await asyncio.to_thread(discard_parts, root, upload_id)
        raise await native.failed(axo, upload_id, error) from None
    await native.complete(axo, row)
    await asyncio.to_thread(discard_parts, root, upload_id)


async def _put_together(axo: Parts, row: RowMapping, part_ids: list[str]) -> None:
    """Write the parts behind each other; what an earlier try that was cut short has left is written anew."""
    wrapping = checked_name(row["filename"]).wrapping
    for _ in range(2):
        try:
            body = pieces(axo.settings.storage_root, row["id"], part_ids)
            await axo.uploads.append(row["id"], wrapping, body, offset=0, total=row["bytes"])
        except WrongOffset:
            await asyncio.to_thread(axo.uploads.discard, row["id"])
        else:
            return


async def _discard(axo: Parts, upload_id: str) -> None:
    await asyncio.to_thread(axo.uploads.discard, upload_id)
    await asyncio.to_thread(discard_parts, axo.settings.storage_root, upload_id)


async def _shown(axo: Parts, upload_id: str, owner: str | None) -> Upload:
    row = await axo.database.read(partial(uploads.get, upload_id=upload_id, owner=owner))
    if row["file_id"] is None:
        return Upload.from_row(row)
    file = await axo.database.read(partial(files.find_one, file_id=row["file_id"], owner=owner))
    return Upload.from_row(row, File.from_row(file) if file else None)
