"""Keys as admins see them."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field
from sqlalchemy import RowMapping

from axo_contracts.keys import Scope


class Key(BaseModel):
    """An API key, but for the key itself, which nobody can see again."""

    id: str = Field(examples=["key-01m80dj386h6snwnj5w2aq1gwa"])
    object: Literal["key"] = "key"
    owner: str
    name: str | None
    scopes: list[Scope]
    organization: str
    project: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")
    revoked_at: datetime | None

    @classmethod
    def from_row(cls, row: RowMapping | dict[str, Any]) -> Self:
        """Return the key that a row of table `api_keys` holds."""
        return cls.model_validate({name: row[name] for name in Key.model_fields if name != "object"})


class NewKey(Key):
    """A key that was just made."""

    key: str = Field(description="The key itself. This is the only time that it is shown.")

    @classmethod
    def of(cls, row: dict[str, Any], secret: str) -> Self:
        """Return the key of `row` with its secret."""
        return cls(**Key.from_row(row).model_dump(), key=secret)
