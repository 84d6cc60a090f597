"""The bytes of uploads: added at their end, and made a file when they are all there."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from axo_api.errors import Conflict, Invalid, JustMoved
from axo_api.files.body import pour
from axo_api.files.checkers.pool import Checkers
from axo_api.files.incoming import FOLDER, Taken
from axo_api.files.intake import Contents, Intake
from axo_api.files.upload import refusals
from axo_contracts.wrappings import Wrapping

MOST_OPEN = 64  # each has a thread here, and one in a process that checks
IDLE_SECONDS = 600.0  # after which what was hashed and checked of an upload is let go; to go on reads its bytes again


class WrongOffset(Conflict):
    """The bytes do not follow those that are there."""

    def __init__(self, upload_id: str, given: int, right: int) -> None:
        super().__init__(
            f"Upload {upload_id} goes on at offset {right}, not {given}.",
            param="Upload-Offset",
            errors=[{"param": "Upload-Offset", "message": f"It goes on at {right}.", "offset": right}],
        )
        self.headers = {"Upload-Offset": str(right)}


@dataclass(slots=True)
class _Open:
    intake: Intake
    is_busy: bool = True
    used_at: float = 0.0


class OpenUploads:
    """The uploads that this process takes bytes for, and what it has hashed and checked of them already."""

    def __init__(self, storage_root: Path, checkers: Checkers) -> None:
        self._storage_root = storage_root
        self._checkers = checkers
        self._open: dict[str, _Open] = {}

    def offset(self, upload_id: str) -> int:
        """Return how many bytes are there."""
        try:
            return (self._storage_root / FOLDER / upload_id).stat().st_size
        except FileNotFoundError:
            return 0

    async def append(
        self, upload_id: str, wrapping: Wrapping, body: AsyncIterator[bytes], *, offset: int, total: int | None
    ) -> int:
        """Add `body` at `offset`, and return where it goes on. What came before a failure is kept.

        Raises `WrongOffset`, `Conflict` while another request sends, `Invalid` for more than `total` bytes, `Unfit`,
        `BadRequest` when the client went away, and `StorageFull`.
        """
        with self._writing(upload_id, wrapping) as intake:
            if offset != intake.file.size:
                raise WrongOffset(upload_id, offset, intake.file.size)

            def write(data: bytes) -> None:
                left = len(data) if total is None else total - intake.file.size
                intake.write(data[:left])
                if len(data) > left:
                    raise Invalid(f"Upload {upload_id} was to have {total} bytes, and the body has more.")

            with refusals(kept="what came before is kept"):
                await pour(body, write)
            return intake.file.size

    async def finish(
        self, upload_id: str, wrapping: Wrapping, *, file_id: str, total: int | None, sha256: str | None
    ) -> Contents:
        """Make the bytes the content of `file_id`. Raises `Conflict` when some are missing, `Unfit`, `StorageFull`."""
        with self._writing(upload_id, wrapping) as intake:
            if total is not None and intake.file.size != total:
                raise Conflict(f"Upload {upload_id} has {intake.file.size} of its {total} bytes; send the rest first.")
            try:
                with refusals(kept="what was sent is kept"):
                    return await intake.keep(file_id, sha256)
            finally:
                self._let_go(upload_id)

    def discard(self, upload_id: str) -> None:
        """Leave nothing of an upload."""
        self._let_go(upload_id)
        (self._storage_root / FOLDER / upload_id).unlink(missing_ok=True)

    def rest(self) -> None:
        """Let go of what was hashed and checked of uploads that nobody went on with for a while."""
        for upload_id, opened in list(self._open.items()):
            if not opened.is_busy and time.monotonic() - opened.used_at > IDLE_SECONDS:
                self._let_go(upload_id)

    def close(self) -> None:
        """Let go of all; their bytes stay."""
        for upload_id in list(self._open):
            self._let_go(upload_id)

    @contextmanager
    def _writing(self, upload_id: str, wrapping: Wrapping) -> Iterator[Intake]:
        opened = self._open.get(upload_id)
        if opened is None:
            self._make_room()
            opened = self._open[upload_id] = _Open(Intake(self._storage_root, upload_id, wrapping, self._checkers))
        elif opened.is_busy:
            raise _taken(upload_id)
        opened.is_busy = True
        try:
            opened.intake.file.lock()
            yield opened.intake
        except Taken:
            raise _taken(upload_id) from None
        finally:
            opened.is_busy = False
            opened.used_at = time.monotonic()
            if upload_id in self._open:
                opened.intake.file.unlock()

    def _make_room(self) -> None:
        idle = [(opened.used_at, name) for name, opened in self._open.items() if not opened.is_busy]
        if idle and len(self._open) >= MOST_OPEN:
            self._let_go(min(idle)[1])

    def _let_go(self, upload_id: str) -> None:
        if opened := self._open.pop(upload_id, None):
            opened.intake.close()


def _taken(upload_id: str) -> JustMoved:
    return JustMoved(f"Another request sends bytes of upload {upload_id}; wait for its end, then ask for the offset.")
