"""OpenAI's object of a checkpoint's permission."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field
from sqlalchemy import RowMapping

from axo_contracts.strict import Line, Strict


class NewPermissions(Strict):
    """The projects that a checkpoint is shared with."""

    project_ids: Annotated[list[Line], Field(min_length=1, max_length=100)]


class CheckpointPermission(BaseModel):
    """A record that a checkpoint was shared with a project."""

    id: str
    object: Literal["checkpoint.permission"] = "checkpoint.permission"
    created_at: int
    project_id: str

    @classmethod
    def from_row(cls, row: RowMapping) -> Self:
        """Return the permission that a row of table `checkpoint_permissions` holds."""
        return cls(id=row["id"], created_at=int(row["created_at"].timestamp()), project_id=row["project_id"])


class DeletedPermission(BaseModel):
    """A permission that is no more."""

    id: str
    object: Literal["checkpoint.permission"] = "checkpoint.permission"
    deleted: Literal[True] = True
