"""What a job learns from: where the rows are (a source) and how a row reads (a format, in `formats.py`)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from axo_contracts.formats import RowFormat
from axo_contracts.strict import Line, Strict


class FileSource(Strict):
    """A file that was uploaded with `POST /v1/files`."""

    type: Literal["file"] = "file"
    file_id: Annotated[str, Field(pattern=r"^file-[0-9a-z]{26}$")]


class PathSource(Strict):
    """A file on storage that the service and its workers both see, under a root that the operator allows."""

    type: Literal["path"] = "path"
    path: Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^/[^\x00]*$")]


class HubSource(Strict):
    """A data set on the Hugging Face Hub."""

    type: Literal["hub"] = "hub"
    repo_id: Annotated[str, Field(pattern=r"^[\w.-]+(/[\w.-]+)?$", max_length=200)]
    name: Line | None = None
    """The data set's configuration, where it has several."""
    split: Line = "train"
    revision: Line | None = None
    """A branch, tag or commit."""


Source = Annotated[FileSource | PathSource | HubSource, Field(discriminator="type")]


class Dataset(Strict):
    """One source of rows and how they read."""

    source: Source
    format: RowFormat | None = None
    """How a row reads. Left out: as an uploaded file was found to, where that suits the method; else as the method
    expects by default."""


def hub_options(source: HubSource) -> dict[str, Any]:
    """Return how Axolotl names a data set on the hub."""
    options: dict[str, Any] = {"path": source.repo_id, "split": source.split}
    if source.name:
        options["name"] = source.name
    if source.revision:
        options["revision"] = source.revision
    return options
