"""Receiving a file in one request: all of it is stored, or nothing."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from starlette.requests import ClientDisconnect

from axo_api.errors import NO_ROOM, BadRequest, Invalid, StorageFull
from axo_api.files.body import pour
from axo_api.files.checkers.pool import Checkers
from axo_api.files.form import UploadForm
from axo_api.files.intake import Contents, Intake
from axo_api.files.multipart import MultipartReader
from axo_api.files.names import DataName
from axo_api.files.reading.rows import Unfit


class Upload(NamedTuple):
    """An upload that is whole, checked and on disk."""

    name: DataName
    purpose: str
    contents: Contents
    lifetime_seconds: int | None = None


class Place(NamedTuple):
    """Where an upload goes."""

    storage_root: Path
    file_id: str
    checkers: Checkers

    def intake(self, name: DataName) -> Intake:
        """Begin a new file there, which nobody else writes into."""
        intake = Intake(self.storage_root, self.file_id, name.wrapping, self.checkers)
        intake.file.lock()
        return intake


async def receive_form(content_type: str | None, body: AsyncIterator[bytes], place: Place) -> Upload:
    """Store the file that a multipart body holds, and return what is known of it.

    Raises `BadRequest` for a body that is malformed or cut off, `Invalid` for what is wrong in it, and `StorageFull`;
    then nothing of it is left.
    """
    form = UploadForm(place.intake)
    reader = MultipartReader(content_type, form)
    try:
        with refusals(), uselessness():
            await pour(body, reader.write)
            reader.finish()
            filled = form.finish()
            contents = await filled.intake.keep(place.file_id)
    finally:
        if form.intake is not None:
            form.intake.discard()
    return Upload(filled.name, filled.purpose, contents, filled.lifetime_seconds)


async def receive_raw(body: AsyncIterator[bytes], place: Place, name: DataName, purpose: str) -> Upload:
    """Store the file that `body` is. Raises what `receive_form` raises."""
    intake = place.intake(name)
    try:
        with refusals(), uselessness():
            await pour(body, intake.write)
            contents = await intake.keep(place.file_id)
    finally:
        intake.discard()
    return Upload(name, purpose, contents)


@contextmanager
def refusals(kept: str = "nothing of it was kept") -> Iterator[None]:
    """Say to the client what went wrong within, and what was `kept`."""
    try:
        yield
    except ClientDisconnect:
        raise BadRequest("The upload was broken off.") from None
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise StorageFull(f"There is no room for this file on the service's disk; {kept}.") from None


@contextmanager
def uselessness() -> Iterator[None]:
    """Say to the client why nothing of a file can be used."""
    try:
        yield
    except Unfit as error:
        raise Invalid(f"file: {error}.", param="file") from None
