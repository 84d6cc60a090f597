"""What a push takes along: the files of a result or of a checkpoint, and the manifest that has their hashes."""

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from .run import Run, Stopped

BLOCK_BYTES = 4 * 1024 * 1024
_MEBIBYTE = 1024 * 1024
_OF_CHECKPOINT = "axo_checkpoint.json"


class PushFailed(Exception):
    """The destination, or what is to go there, is not as it has to be. The message says why."""


class Item(NamedTuple):
    """A file: its path within the result, where it lies here, its size and its SHA-256."""

    name: str
    path: Path
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Parcel:
    """All that goes. A pickle stays: whoever loads it runs its code."""

    items: list[Item]
    manifest_name: str
    manifest: bytes
    left_out: list[str]
    job_id: str
    model: str
    base_model: str | None  # its name on a hub
    is_adapter: bool

    @property
    def bytes(self) -> int:
        """How much goes, without the manifest."""
        return sum(item.bytes for item in self.items)


def packed(config: dict[str, Any]) -> Parcel:
    """Return what a push of this config takes along. Raises `PushFailed` where the manifest is missing."""
    weights = config["models"]["model"]
    folder = Path(weights["adapter"] or weights["base"])
    manifest = Path(config["manifest"]) if config["manifest"] else folder / _OF_CHECKPOINT
    try:
        content = manifest.read_bytes()
    except FileNotFoundError:
        raise PushFailed(f"{manifest.name} is gone, without which nobody can tell whether all has arrived") from None
    told = json.loads(content)
    files = told["manifest"]["outputs"]["files"] if config["manifest"] else told["files"]
    items = [Item(file["path"], folder / file["path"], file["bytes"], file["sha256"]) for file in files]
    called = weights["called"]
    return Parcel(
        items=[item for item in items if not _is_pickle(item.name, config["pickles"])],
        manifest_name=manifest.name,
        manifest=content,
        left_out=[item.name for item in items if _is_pickle(item.name, config["pickles"])],
        job_id=config["job_id"],
        model=weights["name"],
        base_model=called if is_on_hub(called) else None,
        is_adapter=weights["adapter"] is not None,
    )


def is_on_hub(name: str) -> bool:
    """Return whether a model's name may be one on a hub, and not a path."""
    return bool(name) and not name.startswith((".", "/")) and name.count("/") <= 1 and ":" not in name


class Progress:
    """Says how much has gone out, as steps of a MiB, and ends the push when it is to stop."""

    def __init__(self, run: Run, total: int) -> None:
        self._run = run
        self._steps = max(1, -(-total // _MEBIBYTE))
        self._bytes = self._told = 0
        run.begin("pushing", max_steps=self._steps)

    def add(self, count: int) -> None:
        """Count bytes that have gone out; those that are sent again do not go beyond the whole. Raises `Stopped`."""
        self._bytes += count
        steps = min(self._bytes // _MEBIBYTE, self._steps - 1) - self._told
        if steps:
            self._told += steps
            self._run.advance(steps)
        elif self._run.is_to_stop:
            raise Stopped

    def finish(self) -> None:
        """Say that all has gone out."""
        self._run.advance(self._steps - self._told)


def sha256_of(file: Any, tell: Callable[[int], None]) -> str:
    """Return the SHA-256 of what is left in an open file, telling how much was read."""
    digest = hashlib.sha256()
    while block := file.read(BLOCK_BYTES):
        digest.update(block)
        tell(len(block))
    return digest.hexdigest()


class WatchedFile(io.BufferedReader):
    """A file that tells how much of it is read."""

    def __init__(self, path: Path, tell: Callable[[int], None]) -> None:
        super().__init__(io.FileIO(path))
        self._tell = tell

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to `size` bytes."""
        found = super().read(size)
        self._tell(len(found))
        return found


def _is_pickle(name: str, pickles: dict[str, list[str]]) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in pickles["suffixes"] or path.name in pickles["names"]
