"""Taking a file in: while it arrives, a thread hashes it and another process checks it, each reading it from disk.

The network, the hash and the check need not wait for each other: what one has not got to is in the page cache.
"""

import asyncio
import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from axo_api.files.checkers.pool import Checkers
from axo_api.files.incoming import IncomingFile
from axo_api.files.reading.growing import Abandoned
from axo_api.files.reading.rows import Unfit
from axo_api.files.report import Report
from axo_contracts import storage_paths
from axo_contracts.wrappings import Wrapping

T = TypeVar("T")

HASHED_BYTES = 256 * 1024
"""How much is hashed at once: each time the thread waits for the interpreter's lock."""


class Contents(NamedTuple):
    """What is known of a file that has come in whole."""

    bytes: int
    sha256: str
    report: Report


class Intake:
    """One file that comes in. Whoever makes one ends it with `keep`, `discard` or `close`."""

    def __init__(self, storage_root: Path, name: str, wrapping: Wrapping, checkers: Checkers) -> None:
        self.file = IncomingFile(storage_root, name)
        self._storage_root = storage_root
        self._check = checkers.begin(self.file.path, wrapping)
        self._sha256 = _Reading(self._hash)

    def write(self, data: bytes) -> None:
        """Add bytes. Raises `OSError`, and `Unfit` when what came before is of no use already."""
        self._check.raise_if_failed()
        self.file.write(data)
        self._check.grown(self.file.size)

    async def keep(self, file_id: str, sha256: str | None = None) -> Contents:
        """Make the file, which is whole, the content of `file_id`, and return what is known of it.

        Raises `Unfit`, also when it has another hash than `sha256`, `OSError`, and `Unavailable` when the check of it
        was cut short.
        """
        hashes = self._storage_root / storage_paths.row_hashes(file_id)
        self.file.end(is_whole=True)
        self._check.whole(self.file.size, hashes)
        try:
            contents = await self._contents()
            if sha256 not in (None, contents.sha256):
                raise Unfit(f"its SHA-256 is {contents.sha256}, not {sha256} as was said")
            await asyncio.to_thread(self.file.keep, self._storage_root / storage_paths.uploaded_file(file_id))
        except BaseException:
            hashes.unlink(missing_ok=True)
            raise
        self.close()
        return contents

    def close(self) -> None:
        """Let go of the file, and leave it where it is."""
        self._check.abandon()
        self.file.close()

    def discard(self) -> None:
        """Leave nothing of it behind; a file that was kept stays."""
        self._check.abandon()
        self.file.discard()

    async def _contents(self) -> Contents:
        report = await asyncio.wrap_future(self._check.report)
        if not report.rows:
            raise Unfit("it is empty; it has no rows")
        return Contents(self.file.size, await self._sha256.result(), report)

    def _hash(self) -> str:
        digest = hashlib.sha256()
        for block in self.file.blocks(HASHED_BYTES):
            digest.update(block)
        return digest.hexdigest()


class _Reading(Generic[T]):
    """A function that runs in a thread of its own: one that waits for a client must not hold a pool's thread."""

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._result: Future[T] = Future()
        threading.Thread(target=self._run, name=function.__qualname__, daemon=True).start()

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
