"""What the trainer left in the output folder of each attempt. Nothing outside of that folder is ever shown."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from axo_api.artifacts.hashes import Hashes
from axo_api.artifacts.schemas import Artifact
from axo_api.errors import ApiError, NotFound
from axo_contracts import storage_paths
from axo_contracts.pickles import is_pickle

_LEVELS = len(storage_paths.attempt("a-job", 1).parts)


class PickleNotServed(ApiError):
    """The file may run code when it is loaded."""

    status = 403
    code = "pickle_not_served"


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """A file that may be sent. `path` is where it lies below the storage's `root`; an unknown `sha256` is None."""

    root: Path
    path: Path
    sha256: str | None


def find_artifacts(attempts: Path, *, running: int | None = None, with_pickles: bool = False) -> list[Artifact]:
    """Return every regular file in the output folders below `attempts`; links are left out, folders' too.

    `running` is the attempt that goes on; `with_pickles`: also what may run code can be downloaded.
    """
    if not attempts.is_dir():
        return []
    numbers = sorted(int(folder.name) for folder in attempts.iterdir() if folder.name.isdecimal())
    return [
        artifact
        for number in numbers
        for artifact in files_of(number, attempts / str(number), goes_on=number == running, with_pickles=with_pickles)
    ]


def artifact_file(attempt_folder: Path, path: str, *, with_pickles: bool) -> ArtifactFile:
    """Return the regular file at `path` within the outputs of an attempt.

    Raises `NotFound`, also for one that leads outside, and `PickleNotServed`.
    """
    root, outputs = _places(attempt_folder)
    try:
        found = Path(os.path.realpath(outputs / path, strict=True))  # for a loop `Path.resolve` raises RuntimeError
    except (OSError, ValueError):
        found = None
    if found is None or not found.is_relative_to(outputs):
        raise NotFound(f"There is no artifact {path!r}; GET …/artifacts lists what there is.", param="path")
    if found.is_dir():
        raise NotFound(f"{path!r} is a folder; GET …/artifacts lists the files in it.", param="path")
    if not found.is_file():
        raise NotFound(f"{path!r} is no regular file.", param="path")
    name = str(found.relative_to(outputs))
    if is_pickle(name) and not with_pickles:
        raise PickleNotServed(
            f"{path!r} is a pickle, which may run code when it is loaded, and is not served; take the weights from the "
            "safetensors files. An operator who trusts all trainers here sets AXO_SERVE_PICKLES=true.",
            param="path",
        )
    return ArtifactFile(root, found, Hashes.of(attempt_folder).look_up(name, found.stat().st_size)[0])


def files_of(
    attempt: int, attempt_folder: Path, *, goes_on: bool = False, with_pickles: bool = False
) -> Iterator[Artifact]:
    """Yield the regular files in the outputs of one attempt, folder by folder."""
    _, outputs = _places(attempt_folder)
    if os.path.realpath(outputs) != str(outputs):
        return
    hashes = Hashes.of(attempt_folder, goes_on=goes_on)
    for folder, names in sorted(_folders(outputs)):
        for path in (Path(folder, name) for name in sorted(names)):
            try:
                state = path.lstat()
            except FileNotFoundError:  # the trainer has just rotated a checkpoint away
                continue
            if stat.S_ISREG(state.st_mode):
                name = str(path.relative_to(outputs))
                sha256, why_not = hashes.look_up(name, state.st_size)
                yield Artifact(
                    attempt=attempt,
                    path=name,
                    bytes=state.st_size,
                    sha256=sha256,
                    unhashed_because=why_not,
                    downloadable=with_pickles or not is_pickle(name),
                    modified_at=datetime.fromtimestamp(state.st_mtime, UTC),
                )


def _places(attempt_folder: Path) -> tuple[Path, Path]:
    """Return the storage's root, behind the operator's links, and where outputs are when there is none below it."""
    given = attempt_folder.parents[_LEVELS - 1]
    root = given.resolve()
    return root, root / attempt_folder.relative_to(given) / storage_paths.OUTPUTS


def _folders(outputs: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder of the outputs with the names of its files, but for checkpoints that are being removed."""
    for folder, folders, names in os.walk(outputs):
        if folder == str(outputs):
            folders[:] = [name for name in folders if not storage_paths.is_of_removed_checkpoint(name)]
        yield folder, names
