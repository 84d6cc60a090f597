"""Uploads as clients see them."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping

from axo_api.files.schemas import File
from axo_api.uploads.service import UploadStatus
from axo_contracts.strict import Strict


class NewUpload(Strict):
    """A file that will be sent in several requests."""

    filename: Annotated[str, Field(min_length=1, max_length=255)]
    """Its ending says what it is: .jsonl, .json, .csv or .parquet, or one of these with .gz or .zst behind it."""
    purpose: str = "fine-tune"
    bytes: Annotated[int, Field(gt=0, lt=2**63)] | None = None
    """How large the whole file is. The upload completes by itself when that much is there."""
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    """What the whole file must hash to."""


class Upload(BaseModel):
    """A file on its way in."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str = Field(examples=["upload-01m80dj386h6snwnj5w2aq1gwa"])
    object: Literal["file.upload"] = "file.upload"
    filename: str
    purpose: str
    status: UploadStatus
    bytes: int | None
    """How large the whole file will be, where that was said."""
    offset: int
    """How many bytes are there: where the next request goes on."""
    created_at: datetime
    expires_at: datetime
    """When it is removed, unless bytes come."""
    file: File | None = None
    """What it has become."""

    @classmethod
    def from_row(cls, row: RowMapping | dict[str, Any], *, offset: int, file: File | None = None) -> Self:
        """Return the upload that a row of table `uploads` holds."""
        shown = file.bytes if file is not None else offset
        return cls.model_validate({**row, "offset": shown, "file": file})
