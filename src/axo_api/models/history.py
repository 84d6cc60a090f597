"""What a name stood for, and who had it moved."""

from sqlalchemy import Connection, RowMapping, select

from axo_api.models import aliases
from axo_api.models.schemas import AliasMove
from axo_api.models.service import Located, ModelNotFound
from axo_api.tables import jobs


def find(
    connection: Connection, name: str, *, owner: str | None, prefer: str, after: str | None, limit: int
) -> list[AliasMove]:
    """Return up to `limit` + 1 moves of a name, newest first, older than the move `after`. Raises `ModelNotFound`."""
    newest = aliases.current(connection, name, owner=owner, prefer=prefer)
    if newest is None:
        raise ModelNotFound(f"There is no name {name[:200]!r} of yours.", param="alias")
    rows = aliases.history(connection, name, owner=newest["owner"], after=after, limit=limit + 1)
    called = [own_name(connection, row) for row in rows]
    moves = zip(rows, called, [*called[1:], None], strict=True)
    return [_move(row, stands_for, before) for row, stands_for, before in moves][: limit + 1]


def own_name(connection: Connection, row: RowMapping) -> str:
    """Return the own name of what a move led to, also where that is gone."""
    job = connection.execute(select(jobs).where(jobs.c.id == row["job_id"])).mappings().one()
    return Located(job, row["step"]).name


def _move(row: RowMapping, stands_for: str, before: str | None) -> AliasMove:
    known = {name: row[name] for name in ("id", "job_id", "step", "moved_by", "is_undo", "gate")}
    return AliasMove(**known, stands_for=stands_for, before=before, moved_at=row["created_at"])
