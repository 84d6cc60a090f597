"""Which checkpoints are whole: those whose manifest, written when the trainer was done with them, still holds."""

import queue
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from axo_contracts import storage_paths
from axo_contracts.frames import Checkpoint
from axo_contracts.outputs import CHECKPOINT_MANIFEST, CheckpointManifest, HashedFile
from axo_worker.files import publish, sha256_of, sync_folder
from axo_worker.frames import FrameWriter


@dataclass(frozen=True)
class Resume:
    """The checkpoint to go on from, if any is whole, and which newer ones were skipped, each with the reason."""

    step: int | None
    path: Path | None
    skipped: tuple[str, ...]


def newest_whole_checkpoint(sources: Iterable[Path]) -> Resume:
    """Return the newest checkpoint whose every file is as its manifest says.

    A source is the folder of an attempt, with all of its checkpoints, or a single checkpoint.
    """
    folders = [folder for source in sources for folder in _checkpoints_of(source)]
    skipped: list[str] = []
    for folder in sorted(folders, key=_order_of_age, reverse=True):
        try:
            return Resume(verify(folder).step, folder, tuple(skipped))
        except (OSError, ValueError) as error:
            skipped.append(f"{folder.name} of attempt {folder.parent.parent.name} is not whole: {error}")
    return Resume(None, None, tuple(skipped))


def verify(folder: Path) -> CheckpointManifest:
    """Return the checkpoint's manifest. Raises OSError or ValueError when a file is missing or differs from it."""
    manifest = msgspec.json.decode((folder / CHECKPOINT_MANIFEST).read_bytes(), type=CheckpointManifest)
    for file in manifest.files:
        path = folder / file.path
        if path.stat().st_size != file.bytes:
            raise ValueError(f"{file.path} has {path.stat().st_size} bytes instead of {file.bytes}")
        if sha256_of(path) != file.sha256:
            raise ValueError(f"{file.path} has another content than was saved")
    return manifest


def seal(folder: Path, step: int) -> CheckpointManifest:
    """Bring a checkpoint that the trainer has just saved to disk, and publish its manifest. Raises OSError."""
    files = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CHECKPOINT_MANIFEST):
        relative = str(path.relative_to(folder))
        files.append(HashedFile(relative, path.stat().st_size, sha256_of(path, sync=True)))
        sync_folder(path.parent)
    manifest = CheckpointManifest(step, tuple(files))
    publish(folder / CHECKPOINT_MANIFEST, msgspec.json.encode(manifest))
    return manifest


class Sealer:
    """A thread that seals checkpoints, so that hashing many gigabytes holds nobody up, and says when one is whole."""

    def __init__(self, attempt_folder: Path, frames: FrameWriter) -> None:
        self._attempt_folder = attempt_folder
        self._frames = frames
        self._saved: queue.SimpleQueue[tuple[int, Path] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="checkpoints", daemon=True)
        self._thread.start()

    def seal_soon(self, step: int, path: str) -> None:
        """Seal the checkpoint at `path`, as the trainer in the attempt's folder names it, after those before it."""
        self._saved.put((step, self._attempt_folder / path))

    def finish(self) -> None:
        """Return when all that was saved is sealed."""
        self._saved.put(None)
        self._thread.join()

    def _work(self) -> None:
        while saved := self._saved.get():
            step, folder = saved
            try:
                self._seal(step, folder)
            except (OSError, ValueError) as error:
                self._frames.say(f"The checkpoint of step {step} could not be kept: {error}")

    def _seal(self, step: int, folder: Path) -> None:
        path = str(folder.relative_to(self._attempt_folder))
        size = sum(file.bytes for file in seal(folder, step).files)
        self._frames.send(lambda stamp: Checkpoint(**stamp, step=step, path=path, bytes=size))


def _checkpoints_of(source: Path) -> Iterable[Path]:
    if source.name.startswith("checkpoint-"):
        return [source]
    return (source / storage_paths.OUTPUTS).glob("checkpoint-*")


def _order_of_age(folder: Path) -> tuple[int, int]:
    step, attempt = folder.name.rpartition("-")[2], folder.parent.parent.name
    return (int(step) if step.isdigit() else -1, int(attempt) if attempt.isdigit() else -1)
