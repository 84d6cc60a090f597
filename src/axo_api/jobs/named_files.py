"""The uploaded files that jobs name."""

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select

from axo_api.errors import Invalid
from axo_api.tables import files


class NoSuchFile(Invalid):
    """The owner of a job has no such file."""

    def __init__(self, field: str, file_id: str) -> None:
        super().__init__(f"{field}: there is no file {file_id!r}; upload it with POST /v1/files first.", param=field)


def files_named(*columns: ColumnElement[Any]) -> Select[Any]:
    """Return the query for the id, the owner and some columns of the files whose ids are its parameter `ids`."""
    return (
        select(files.c.id, files.c.owner, *columns)
        .where(files.c.id.in_(bindparam("ids", expanding=True)))
        .order_by(files.c.id)
        .with_for_update(read=True)  # none is removed before the transaction ends
    )
