"""Files as clients see them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping

from axo_contracts.format_names import FormatName
from axo_contracts.wrappings import Compression, Container, Wrapping


class File(BaseModel):
    """A file: OpenAI's object, and what axo knows beside it, from `sha256` on."""

    id: str = Field(examples=["file-01m80dj386h6snwnj5w2aq1gwa"])
    object: Literal["file"] = "file"
    bytes: int
    created_at: int = Field(description="Seconds since 1970.")
    expires_at: int | None = Field(description="When it is removed, in seconds since 1970. Null: never.")
    filename: str
    purpose: str
    status: Literal["processed", "error"] = Field(description="error: it has rows that cannot be used.")
    status_details: str | None = Field(description="What is wrong in it, in one sentence.")
    sha256: str
    rows: int
    bad_rows: int = Field(description="Rows that cannot be used; a job refuses a file that has any. See its report.")
    format: FormatName | None = Field(description="How a row reads. Null when no row can be used.")
    container: Container = Field(description="What the rows are in.")
    compression: Compression | None = None

    @classmethod
    def from_row(cls, row: RowMapping | dict[str, Any]) -> Self:
        """Return the file that a row of table `files` holds."""
        wrapping = Wrapping.named(row["suffix"])
        assert wrapping is not None
        found = {"bad_rows": row["report"]["bad_rows"], "format": row["report"]["format"]}
        times = {"created_at": seconds(row["created_at"]), "expires_at": seconds(row["expires_at"])}
        return cls.model_validate({**row, **found, **times, **wrapping._asdict(), **_state(row["report"])})


def seconds(moment: datetime | None) -> int | None:
    """Return a time as OpenAI's API writes it: in whole seconds since 1970."""
    return None if moment is None else int(moment.timestamp())


def _state(report: dict[str, Any]) -> dict[str, str | None]:
    if not report["bad_rows"]:
        return {"status": "processed", "status_details": None}
    first = report["problems"][0]
    details = f"{report['bad_rows']} rows cannot be used; row {first['row']}: {first['reason']}"
    return {"status": "error", "status_details": details}


class RowProblem(BaseModel):
    """One row that cannot be used."""

    row: int = Field(description="Counts from 1; blank lines are no rows.")
    line: int
    reason: str
    excerpt: str


class Distribution(BaseModel):
    """How a number is distributed over the good rows; from 256 on within 1 %."""

    min: int
    median: int
    p95: int
    max: int


class FileReport(BaseModel):
    """What was found when the file was uploaded. All counts but `rows` and `bad_rows` are of good rows."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    object: Literal["file.report"] = "file.report"
    file_id: str
    rows: int
    bytes: int
    unpacked_bytes: int | None = None
    """What it is without its compression."""
    format: FormatName | None
    """How a row reads. Null when no row can be used."""
    bad_rows: int
    problems: list[RowProblem]
    """The first 100 bad rows."""
    roles: dict[str, int] = {}
    """How many turns each role has, where turns have roles."""
    turns: Distribution | None = None
    """Turns a row, where turns have roles."""
    characters: Distribution | None = None
    """Characters of text a row."""
    duplicate_rows: int | None = None
    """Rows that are there again, byte for byte."""
    duplicate_rows_are_exact: bool = True
    """False in a file of more than four million rows: there they follow from a sample."""
    empty_answers: int | None = None
    """Answers without a character."""
    untrained_rows: int | None = None
    """Rows of which nothing carries loss: they have no answer, or flags and weights leave all of it out."""
    warnings: list[str] = []
    """What is no fault of a row, and may still be a mistake."""

    @classmethod
    def from_row(cls, row: RowMapping) -> Self:
        """Return the report that a row of table `files` holds."""
        report = cls.model_validate({**row["report"], "file_id": row["id"], "bytes": row["bytes"]})
        return report.model_copy(update={"warnings": list(report._warnings())})

    def _warnings(self) -> Iterator[str]:
        about = "" if self.duplicate_rows_are_exact else "about "
        if self.duplicate_rows:
            yield f"Rows that are there again, byte for byte: {about}{self.duplicate_rows}."
        if self.empty_answers:
            yield f"Empty answers: {self.empty_answers}."
        if self.untrained_rows:
            yield f"Rows of which nothing carries loss, so that nothing is learned from them: {self.untrained_rows}."


class Overlap(BaseModel):
    """The rows that two files share."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    object: Literal["file.overlap"] = "file.overlap"
    file_id: str
    other_file_id: str
    common_rows: int
    """Distinct rows that are in both, byte for byte."""
    is_exact: bool
    """False where one file has more than four million rows: then it follows from a sample."""


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
