"""What can be asked of files. Each function is one transaction; contents are removed after the commit."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, Text, cast, delete, insert, or_, select

from axo_api.clock import now
from axo_api.errors import Conflict, NotFound, needed_by
from axo_api.files.intake import Contents
from axo_api.files.names import DataName
from axo_api.owners import owned
from axo_api.tables import files, jobs
from axo_contracts.lifecycle import TERMINAL
from axo_contracts.wrappings import Wrapping

Order = Literal["asc", "desc"]


def new_row(
    file_id: str, name: DataName, purpose: str, contents: Contents, *, owner: str, lifetime_seconds: int | None = None
) -> dict[str, Any]:
    """Return the row of a file that is on disk."""
    at = now()
    return {
        "id": file_id,
        "owner": owner,
        "filename": name.filename,
        "purpose": purpose,
        "bytes": contents.bytes,
        "sha256": contents.sha256,
        "rows": contents.report.rows,
        "report": msgspec.to_builtins(contents.report),
        "created_at": at,
        "expires_at": None if lifetime_seconds is None else at + timedelta(seconds=lifetime_seconds),
        "suffix": name.wrapping.suffix,
    }


def add(connection: Connection, row: dict[str, Any]) -> None:
    """Make a file known."""
    connection.execute(insert(files).values(row))


def get(connection: Connection, file_id: str, *, owner: str | None, to_remove: bool = False) -> RowMapping:
    """Return the row of a file of an owner (None: of anybody). Raises `NotFound`.

    One `to_remove` is given to no job before the transaction ends; a job that is just being given it comes first.
    """
    row = find_one(connection, file_id, owner=owner, to_remove=to_remove)
    if row is None:
        raise NotFound(f"There is no file {file_id!r}; GET /v1/files lists yours.", param="file_id")
    return row


def find_one(connection: Connection, file_id: str, *, owner: str | None, to_remove: bool = False) -> RowMapping | None:
    """Return the row of a file of an owner (None: of anybody), if there is one; `to_remove` as in `get`."""
    query = select(files).where(files.c.id == file_id, owned(files, owner), lives())
    return connection.execute(query.with_for_update() if to_remove else query).mappings().one_or_none()


def wrapping_of(row: RowMapping) -> Wrapping:
    wrapping = Wrapping.named(row["suffix"])
    assert wrapping is not None
    return wrapping


def wrappings(connection: Connection, file_ids: Collection[str]) -> dict[str, Wrapping]:
    """Return what the rows of files are wrapped in, by their ids."""
    found = connection.execute(select(files.c.id, files.c.suffix).where(files.c.id.in_(file_ids)))
    return {row.id: wrapping for row in found if (wrapping := Wrapping.named(row.suffix))}


def find(
    connection: Connection,
    *,
    owner: str | None,
    after: str | None,
    limit: int,
    purpose: str | None,
    order: Order = "desc",
) -> Sequence[RowMapping]:
    """Return up to `limit` + 1 files of an owner (None: of all) behind the file `after`, newest first unless `asc`."""
    is_rising = order == "asc"
    query = select(files).where(owned(files, owner), lives()).limit(limit + 1)
    query = query.order_by(files.c.id.asc() if is_rising else files.c.id.desc())
    if after is not None:
        query = query.where(files.c.id > after if is_rising else files.c.id < after)
    if purpose is not None:
        query = query.where(files.c.purpose == purpose)
    return connection.execute(query).mappings().all()


def remove(connection: Connection, file_id: str, *, owner: str | None) -> None:
    """Forget a file. Raises `NotFound`, and `Conflict` while a job that has not ended names it."""
    row = get(connection, file_id, owner=owner, to_remove=True)
    if users := live_jobs_using(connection, file_id, owner=row["owner"]):
        raise Conflict(needed_by(f"File {file_id}", users))
    connection.execute(delete(files).where(files.c.id == file_id))


def lives() -> ColumnElement[bool]:
    """Return the condition on files that have not expired."""
    return or_(files.c.expires_at.is_(None), files.c.expires_at > now())


def forget_expired(connection: Connection) -> Sequence[str]:
    """Forget the files that have expired, but for those that a live job needs, and return their ids."""
    query = select(files.c.id, files.c.owner).where(files.c.expires_at <= now())
    due = connection.execute(query.order_by(files.c.id).with_for_update()).all()
    expired = [row.id for row in due if not live_jobs_using(connection, row.id, owner=row.owner)]
    connection.execute(delete(files).where(files.c.id.in_(expired)))
    return expired


def live_jobs_using(connection: Connection, file_id: str, *, owner: str) -> Sequence[str]:
    """Return the ids of the owner's jobs that name a file and have not ended."""
    query = select(jobs.c.id).where(
        jobs.c.owner == owner,  # another's that has the id in its text does not use the file
        jobs.c.status.not_in(TERMINAL),
        cast(jobs.c.spec, Text).contains(file_id, autoescape=True),
    )
    return connection.execute(query).scalars().all()
