"""Artifacts as clients see them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from axo_contracts.strict import Strict


class Artifact(BaseModel):
    """A file that the trainer wrote into its output folder."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    object: Literal["job.artifact"] = "job.artifact"
    attempt: int
    path: str
    """Relative to the attempt's output folder."""
    bytes: int
    sha256: str | None
    """As the attempt's worker found it; the ETag of its download."""
    unhashed_because: str | None
    """Why there is no `sha256`."""
    downloadable: bool
    """Pickles, which may run code when they are loaded, are not, unless the operator has allowed it."""
    modified_at: datetime


class NewUrl(Strict):
    """How long a URL is to work."""

    expires_in: Annotated[int, Field(ge=1, le=86400)] = 3600
    """Seconds from now, up to a day."""


class SignedUrl(BaseModel):
    """A URL that downloads one file without a key until it expires."""

    object: Literal["job.artifact.url"] = "job.artifact.url"
    url: str
    expires_at: datetime


class ArtifactList(BaseModel):
    """All artifacts, by attempt and path."""

    object: Literal["list"] = "list"
    data: list[Artifact]
