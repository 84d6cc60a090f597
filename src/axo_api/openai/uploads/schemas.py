"""OpenAI's objects of uploads in parts."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping

from axo_api.files.expiry import ExpiresAfter
from axo_api.files.schemas import File
from axo_api.uploads.service import UploadStatus
from axo_contracts.strict import Strict

LARGEST_BYTES = 8 * 1024**3


class NewUpload(Strict):
    """A file that will come in parts."""

    bytes: Annotated[int, Field(ge=1, le=LARGEST_BYTES)]
    """How large the whole file is."""
    filename: Annotated[str, Field(min_length=1, max_length=1024)]
    """Its ending says what it is."""
    mime_type: Annotated[str, Field(max_length=255)]
    """Read, and not heeded: the name says what a file is."""
    purpose: str
    expires_after: ExpiresAfter | None = None
    """When the file is removed that this becomes."""


class Completion(Strict):
    """The parts in their order."""

    part_ids: Annotated[list[str], Field(min_length=1, max_length=100_000)]
    md5: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{32}$")] | None = None
    """What the whole file must hash to."""


class Upload(BaseModel):
    """A file on its way in."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str = Field(examples=["upload-01m80dj386h6snwnj5w2aq1gwa"])
    object: Literal["upload"] = "upload"
    bytes: int
    created_at: int
    expires_at: int
    filename: str
    purpose: str
    status: Literal["pending", "completed", "cancelled", "expired"]
    file: File | None
    """What it has become."""

    @classmethod
    def from_row(cls, row: RowMapping, file: File | None = None) -> Self:
        """Return the upload that a row of table `uploads` holds."""
        status = "cancelled" if row["status"] == UploadStatus.FAILED else row["status"]
        times = {name: int(row[name].timestamp()) for name in ("created_at", "expires_at")}
        return cls.model_validate({**row, **times, "status": status, "file": file})


class UploadPart(BaseModel):
    """A piece of a file."""

    id: str
    object: Literal["upload.part"] = "upload.part"
    created_at: int
    upload_id: str
