"""What can be asked of parts. Each function is one transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from axo_api.clock import now
from axo_api.errors import Invalid
from axo_api.tables import upload_parts
from axo_api.uploads import service as uploads


def add_part(connection: Connection, upload_id: str, part_id: str, size: int, *, owner: str | None) -> dict[str, Any]:
    """Make a part known and return its row. Raises `NotFound`, and `Conflict` when the upload has ended."""
    uploads.get_pending(connection, upload_id, owner=owner)
    row = {"id": part_id, "upload_id": upload_id, "bytes": size, "created_at": now()}
    connection.execute(insert(upload_parts).values(row))
    return row


def check_parts(connection: Connection, upload_id: str, part_ids: Sequence[str], total: int) -> None:
    """Raise `Invalid` unless the parts are this upload's, each named once, and have `total` bytes together."""
    query = select(upload_parts.c.id, upload_parts.c.bytes).where(upload_parts.c.upload_id == upload_id)
    sizes = {row.id: row.bytes for row in connection.execute(query)}
    for part_id in part_ids:
        if part_id not in sizes:
            raise Invalid(f"part_ids: upload {upload_id} has no part {part_id[:64]!r}.", param="part_ids")
    if len(set(part_ids)) != len(part_ids):
        raise Invalid("part_ids: a part is named twice.", param="part_ids")
    sent = sum(sizes[part_id] for part_id in part_ids)
    if sent != total:
        raise Invalid(
            f"part_ids: these parts have {sent} bytes together; the upload was to have {total}.", param="part_ids"
        )
