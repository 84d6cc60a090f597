"""Taking a file in: it is hashed and checked while it arrives, each in a thread of its own that reads it from disk.

The network, the hash and the check need not wait for each other: what one has not got to is in the page cache.
"""

import asyncio
import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from axo_api.files.checking.checker import Checker
from axo_api.files.checking.row_hashes import RowHashes
from axo_api.files.incoming import Abandoned, IncomingFile
from axo_api.files.reading.rows import Unfit
from axo_api.files.reading.unpack import UnpackLimits
from axo_api.files.report import Report
from axo_contracts import storage_paths
from axo_contracts.wrappings import Wrapping

T = TypeVar("T")


class Contents(NamedTuple):
    """What is known of a file that has come in whole."""

    bytes: int
    sha256: str
    report: Report
    row_hashes: RowHashes


class Intake:
    """One file that comes in. Whoever makes one ends it with `keep`, `discard` or `close`."""

    def __init__(self, storage_root: Path, name: str, wrapping: Wrapping, limits: UnpackLimits) -> None:
        self.file = IncomingFile(storage_root, name)
        self._checker = Checker(self.file, wrapping, limits)
        self._report = _Reading(self._checker.check)
        self._sha256 = _Reading(self._hash)

    def write(self, data: bytes) -> None:
        """Add bytes. Raises `OSError`, and `Unfit` when what came before is of no use already."""
        self._report.raise_if_failed()
        self.file.write(data)

    async def finish(self) -> Contents:
        """Say that the file is whole, and return what is known of it. Raises `Unfit`."""
        self.file.end(is_whole=True)
        report = await self._report.result()
        if not report.rows:
            raise Unfit("it is empty; it has no rows")
        return Contents(self.file.size, await self._sha256.result(), report, self._checker.hashes)

    def keep(self, contents: Contents, storage_root: Path, file_id: str) -> None:
        """Make the file the content of `file_id`. Raises `OSError`."""
        hashes = storage_root / storage_paths.row_hashes(file_id)
        hashes.parent.mkdir(parents=True, exist_ok=True)
        contents.row_hashes.write(hashes)
        self.file.keep(storage_root / storage_paths.uploaded_file(file_id))
        self.file.close()

    def _hash(self) -> str:
        digest = hashlib.sha256()
        for block in self.file.blocks():
            digest.update(block)
        return digest.hexdigest()


class _Reading(Generic[T]):
    """A function that runs in a thread of its own: one that waits for a client must not hold a pool's thread."""

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._result: Future[T] = Future()
        threading.Thread(target=self._run, name=function.__qualname__, daemon=True).start()

    def raise_if_failed(self) -> None:
        """Raise what the function has raised, if it has ended."""
        if self._result.done():
            self._result.result()

    async def result(self) -> T:
        """Return what the function returns. Raises what it raises."""
        return await asyncio.wrap_future(self._result)

    def _run(self) -> None:
        try:
            self._result.set_result(self._function())
        except Abandoned:
            self._result.cancel()
        except BaseException as error:
            self._result.set_exception(error)
