"""What a worker writes down of an attempt's files: a manifest in each whole checkpoint, and a record when it has ended.

Both lie beside the files on the shared storage, so that the control plane never has to hash gigabytes.
"""

import msgspec

from axo_contracts.resources import Gpu

CHECKPOINT_MANIFEST = "axo_checkpoint.json"
"""Within a checkpoint. Where it is, the checkpoint was complete and on disk."""

RECORD = "axo_result.json"
"""Within an attempt's folder, beside its outputs."""


class HashedFile(msgspec.Struct, frozen=True):
    """A file, by its path within its folder."""

    path: str
    bytes: int
    sha256: str


class CheckpointManifest(msgspec.Struct, frozen=True):
    """All files of a checkpoint, but for the manifest itself."""

    step: int
    files: tuple[HashedFile, ...]


class SourceFile(msgspec.Struct, frozen=True):
    """A file that a run has read. One that is large and not ours is not hashed."""

    path: str
    bytes: int
    sha256: str | None


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A model or a data set that a run has read: an uploaded file, a file or folder by its path, or a hub's."""

    name: str  # a file's id, a path, or a repository
    revision: str | None = None  # that was asked for
    commit: str | None = None  # that a hub gave
    files: tuple[SourceFile, ...] = ()


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """Where an attempt ran, and with what."""

    worker: str
    host: str
    gpus: tuple[Gpu, ...]
    driver: str | None  # of the GPUs
    axo: str
    packages: dict[str, str]  # of the trainer's environment


class AttemptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt was made from, and what it has left.

    `outputs` are the files of its output folder but for those of checkpoints, which have manifests of their own.
    """

    environment: Environment | None
    base: Source
    datasets: tuple[Source, ...]
    outputs: tuple[HashedFile, ...]
    unhashed_because: str | None = None  # why some outputs are not among them
