"""Whose a row is. What is another's is as if it were not there."""

from sqlalchemy import ColumnElement, Table, true


def owned(table: Table, owner: str | None) -> ColumnElement[bool]:
    """Return the condition on the rows of `table` that are `owner`'s; None: everybody's."""
    return true() if owner is None else table.c.owner == owner
