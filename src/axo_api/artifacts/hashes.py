"""What is known of the hashes of an attempt's outputs: what its worker has written beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from axo_api.opening import read_small
from axo_contracts.outputs import CHECKPOINT_MANIFEST, RECORD, AttemptRecord, CheckpointManifest, HashedFile
from axo_contracts.storage_paths import OUTPUTS

CHANGED = "it has another size than when it was hashed"
GOES_ON = "its attempt goes on: a checkpoint is hashed when it is whole, the rest when the attempt has ended"
LOST = "its attempt ended without its worker, who would have hashed it"
HALF = "its checkpoint is not whole"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hashes:
    """The files of an attempt that were hashed, by their paths within its outputs."""

    known: Mapping[str, HashedFile]
    missing_because: str

    @classmethod
    def of(cls, attempt_folder: Path, *, goes_on: bool = False) -> Self:
        """Read what the worker wrote in the folder of an attempt, which may still go on."""
        record = read_record(attempt_folder)
        files = {file.path: file for file in record.outputs} if record else {}
        for manifest in attempt_folder.glob(f"{OUTPUTS}/checkpoint-*/{CHECKPOINT_MANIFEST}"):
            files |= _of_checkpoint(manifest)
        if record is None:
            return cls(files, GOES_ON if goes_on else LOST)
        return cls(files, record.unhashed_because or HALF)

    def look_up(self, path: str, size: int) -> tuple[str | None, str | None]:
        """Return the SHA-256 of a file that has `size` bytes now, or else why there is none."""
        file = self.known.get(path)
        if file is None:
            return None, self.missing_because
        return (file.sha256, None) if file.bytes == size else (None, CHANGED)


def read_record(attempt_folder: Path) -> AttemptRecord | None:
    """Return what a worker has written of an attempt that has ended there."""
    return _decoded(attempt_folder / RECORD, AttemptRecord)


def _of_checkpoint(manifest: Path) -> dict[str, HashedFile]:
    """Return the files that a checkpoint's manifest names, by their paths within the outputs."""
    read = _decoded(manifest, CheckpointManifest)
    prefix = manifest.parent.name
    return {f"{prefix}/{file.path}": file for file in read.files} if read else {}


def _decoded(path: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(read_small(path), type=kind)
    except (OSError, msgspec.MsgspecError, RecursionError):
        return None
