"""What can be asked of uploads. Each function is one transaction; the bytes lie in the folder for incoming files."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from axo_api.clock import now
from axo_api.errors import Conflict, NotFound
from axo_api.files import service as files
from axo_api.owners import owned
from axo_api.tables import uploads
from axo_contracts.ids import UPLOAD, new_id

REMEMBERED = timedelta(days=30)  # after which an upload that has ended is forgotten


class UploadStatus(StrEnum):
    """Where an upload is."""

    PENDING = "pending"  # takes bytes
    COMPLETED = "completed"  # is a file
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # nobody went on with it
    FAILED = "failed"  # what came can be no data file


def new_row(
    *,
    owner: str,
    filename: str,
    purpose: str,
    size: int | None,
    sha256: str | None,
    lifetime: timedelta,
    file_lifetime_seconds: int | None = None,
) -> dict[str, Any]:
    """Return the row of an upload that begins."""
    at = now()
    return {
        "id": new_id(UPLOAD),
        "owner": owner,
        "filename": filename,
        "purpose": purpose,
        "bytes": size,
        "sha256": sha256,
        "status": UploadStatus.PENDING,
        "file_id": None,
        "created_at": at,
        "expires_at": at + lifetime,
        "file_lifetime_seconds": file_lifetime_seconds,
    }


def add(connection: Connection, row: dict[str, Any]) -> None:
    """Make an upload known."""
    connection.execute(insert(uploads).values(row))


def get(connection: Connection, upload_id: str, *, owner: str | None) -> RowMapping:
    """Return the row of an upload of an owner (None: of anybody). Raises `NotFound`."""
    query = select(uploads).where(uploads.c.id == upload_id, owned(uploads, owner))
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no upload {upload_id!r}; POST /v1/files/uploads begins one.", param="upload_id")
    return row


def get_pending(connection: Connection, upload_id: str, *, owner: str | None) -> RowMapping:
    """Return the row of an upload that takes bytes. Raises `NotFound`, and `Conflict` when it has ended."""
    row = get(connection, upload_id, owner=owner)
    if row["status"] != UploadStatus.PENDING or row["expires_at"] < now():
        raise Conflict(f"Upload {upload_id} is {row['status']} and takes nothing more; begin a new one.")
    return row


def prolong(connection: Connection, upload_id: str, *, lifetime: timedelta) -> None:
    """Keep an upload that goes on."""
    connection.execute(update(uploads).where(uploads.c.id == upload_id).values(expires_at=now() + lifetime))


def complete(connection: Connection, upload_id: str, *, file: dict[str, Any]) -> None:
    """Make the file known that an upload has become."""
    files.add(connection, file)
    done = {"status": UploadStatus.COMPLETED, "file_id": file["id"]}
    connection.execute(update(uploads).where(uploads.c.id == upload_id).values(done))


def end(connection: Connection, upload_id: str, *, status: UploadStatus) -> None:
    """Say how an upload ended that has become no file."""
    _end(connection, [upload_id], status)


def expire(connection: Connection) -> None:
    """End the uploads that nobody went on with, and forget those that ended long ago."""
    connection.execute(delete(uploads).where(uploads.c.expires_at < now() - REMEMBERED))
    late = uploads.c.status == UploadStatus.PENDING, uploads.c.expires_at < now()
    _end(connection, connection.execute(select(uploads.c.id).where(*late)).scalars().all(), UploadStatus.EXPIRED)


def pending_ids(connection: Connection) -> set[str]:
    """Return the ids of all uploads that take bytes."""
    return set(connection.execute(select(uploads.c.id).where(uploads.c.status == UploadStatus.PENDING)).scalars())


def _end(connection: Connection, upload_ids: Sequence[str], status: UploadStatus) -> None:
    pending = uploads.c.id.in_(upload_ids), uploads.c.status == UploadStatus.PENDING
    connection.execute(update(uploads).where(*pending).values(status=status))
