"""Which projects a checkpoint was shared with. Each function is one transaction."""

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import Connection, RowMapping, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from axo_api.clock import now
from axo_api.errors import NotFound
from axo_api.models.service import get_trained
from axo_api.owners import owned
from axo_api.tables import checkpoint_permissions
from axo_contracts.ids import PERMISSION, new_id

Order = Literal["ascending", "descending"]


def create(
    connection: Connection, checkpoint: str, project_ids: Sequence[str], *, owner: str | None
) -> Sequence[RowMapping]:
    """Record that a checkpoint is shared with projects, and return their records. Raises `NotFound`."""
    whose = get_trained(connection, checkpoint, owner=owner)["owner"]
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(checkpoint_permissions).on_conflict_do_nothing()
    for project_id in project_ids:
        row = {"owner": whose, "checkpoint": checkpoint, "project_id": project_id, "created_at": now()}
        connection.execute(statement, {"id": new_id(PERMISSION), **row})
    table = checkpoint_permissions.c
    query = select(checkpoint_permissions).where(
        table.owner == whose, table.checkpoint == checkpoint, table.project_id.in_(project_ids)
    )
    rows = {row["project_id"]: row for row in connection.execute(query).mappings()}
    return [rows[project_id] for project_id in dict.fromkeys(project_ids)]


def find(
    connection: Connection,
    checkpoint: str,
    *,
    owner: str | None,
    after: str | None,
    limit: int,
    order: Order,
    project_id: str | None,
) -> Sequence[RowMapping]:
    """Return up to `limit` + 1 records of a checkpoint, behind the record `after`. Raises `NotFound`."""
    get_trained(connection, checkpoint, owner=owner)
    table = checkpoint_permissions.c
    query = select(checkpoint_permissions).where(owned(checkpoint_permissions, owner), table.checkpoint == checkpoint)
    is_rising = order == "ascending"
    if after is not None:
        query = query.where(table.id > after if is_rising else table.id < after)
    if project_id is not None:
        query = query.where(table.project_id == project_id)
    ordered = query.order_by(table.id.asc() if is_rising else table.id.desc())
    return connection.execute(ordered.limit(limit + 1)).mappings().all()


def remove(connection: Connection, checkpoint: str, permission_id: str, *, owner: str | None) -> None:
    """Forget a record. Raises `NotFound`."""
    table = checkpoint_permissions.c
    mine = table.id == permission_id, owned(checkpoint_permissions, owner), table.checkpoint == checkpoint
    if connection.execute(delete(checkpoint_permissions).where(*mine)).rowcount != 1:
        raise NotFound(f"{checkpoint!r} has no permission {permission_id!r}.", param="permission_id")
