"""The inputs of a question, at their places on this host: the helper reads plain files by absolute paths."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import msgspec

from axo_contracts.orders import InputFile
from axo_worker.unpacking import unpack

MOST_PACKED_BYTES = 256 * 1024 * 1024  # that are unpacked to answer a question; a run has no such bound


@contextlib.contextmanager
def placed(inputs: tuple[InputFile, ...], storage_root: Path) -> Iterator[tuple[InputFile, ...]]:
    """Yield the inputs with where they are; what was packed is unpacked meanwhile.

    Raises `ValueError` for one that is not below the storage's root or too large to unpack, and `OSError`.
    """
    with tempfile.TemporaryDirectory(prefix="axo-inputs-") as folder:
        yield tuple(_placed(file, storage_root.absolute(), Path(folder)) for file in inputs)


def _placed(file: InputFile, root: Path, folder: Path) -> InputFile:
    if ".." in PurePosixPath(file.source).parts or PurePosixPath(file.source).is_absolute() or "/" in file.name:
        raise ValueError(f"{file.source} is not below the storage's root")
    source = root / file.source
    if file.compression is None:
        return msgspec.structs.replace(file, source=str(source))
    if file.bytes > MOST_PACKED_BYTES:
        raise ValueError(f"{file.name} is too large to be unpacked for a plan; upload it uncompressed")
    unpack(source, folder / file.name, file.compression)
    return msgspec.structs.replace(file, source=str(folder / file.name), compression=None)
