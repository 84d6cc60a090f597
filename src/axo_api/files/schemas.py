"""Files as clients see them."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field
from sqlalchemy import RowMapping

from axo_api.files.rows import Format


class File(BaseModel):
    """An uploaded file."""

    id: str = Field(examples=["file-01m80dj386h6snwnj5w2aq1gwa"])
    object: Literal["file"] = "file"
    filename: str
    purpose: str
    bytes: int
    sha256: str
    rows: int
    bad_rows: int = Field(description="Rows that cannot be used; a job refuses a file that has any. See its report.")
    format: Format | None
    created_at: datetime

    @classmethod
    def from_row(cls, row: RowMapping | dict[str, Any]) -> Self:
        """Return the file that a row of table `files` holds."""
        return cls.model_validate({**row, "bad_rows": row["report"]["bad_rows"], "format": row["report"]["format"]})


class RowProblem(BaseModel):
    """One row that cannot be used."""

    row: int = Field(description="Counts from 1; blank lines are no rows.")
    line: int
    reason: str
    excerpt: str


class FileReport(BaseModel):
    """What was found when the file was uploaded."""

    object: Literal["file.report"] = "file.report"
    file_id: str
    rows: int
    bytes: int
    format: Format | None = Field(description="Null when no row can be used.")
    bad_rows: int
    problems: list[RowProblem] = Field(description="The first 100.")


class PreviewRow(BaseModel):
    """One row: its JSON, or its text where it is not JSON or too long to show whole."""

    row: int
    value: Any = None
    text: str | None = None


class Preview(BaseModel):
    """The first rows of a file."""

    object: Literal["list"] = "list"
    data: list[PreviewRow]


class DeletedFile(BaseModel):
    """A file that is no more."""

    id: str
    object: Literal["file"] = "file"
    deleted: Literal[True] = True
