"""One job, looked up by its id."""

from sqlalchemy import Connection, RowMapping, select

from axo_api.errors import NotFound
from axo_api.owners import owned
from axo_api.tables import jobs


def get(connection: Connection, job_id: str, *, owner: str | None, to_read: bool = False) -> RowMapping:
    """Return the row of a job of an owner (None: of anybody). Raises `NotFound`.

    One `to_read` stays for the transaction, with what it has left; a deletion that is being done comes first.
    """
    query = select(jobs).where(jobs.c.id == job_id, owned(jobs, owner))
    if to_read:
        query = query.with_for_update(read=True, key_share=True)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no job {job_id!r}; GET /v1/jobs lists yours.", param="job_id")
    return row
