"""What was trained here."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping

from axo_api.jobs.service import find
from axo_contracts.lifecycle import JobStatus


def find_trained(connection: Connection, *, owner: str, limit: int) -> Sequence[RowMapping]:
    """Return up to `limit` of an owner's jobs that left a model, newest first."""
    return find(connection, owner=owner, after=None, limit=limit - 1, statuses=(JobStatus.SUCCEEDED,))
