"""What the trainer left in the output folder of each attempt. Nothing outside of that folder is ever shown."""

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from axo_api.errors import NotFound
from axo_api.output.schemas import Artifact
from axo_contracts.storage_paths import OUTPUTS


def find_artifacts(attempts: Path) -> list[Artifact]:
    """Return every regular file in the output folders below `attempts`; links are left out."""
    if not attempts.is_dir():
        return []
    numbers = sorted(int(folder.name) for folder in attempts.iterdir() if folder.name.isdecimal())
    return [artifact for number in numbers for artifact in _files_of(number, attempts / str(number) / OUTPUTS)]


def artifact_file(outputs: Path, path: str) -> Path:
    """Return the regular file at `path` within `outputs`. Raises `NotFound`, also for one that leads outside."""
    try:
        found = (outputs / path).resolve(strict=True)
    except (OSError, ValueError):
        found = None
    if found is None or not found.is_relative_to(outputs.resolve()):
        raise NotFound(f"There is no artifact {path!r}; GET …/artifacts lists what there is.", param="path")
    if found.is_dir():
        raise NotFound(f"{path!r} is a folder; GET …/artifacts lists the files in it.", param="path")
    if not found.is_file():
        raise NotFound(f"{path!r} is no regular file.", param="path")
    return found


def _files_of(attempt: int, outputs: Path) -> Iterator[Artifact]:
    for folder, _, names in sorted(os.walk(outputs)):
        for path in (Path(folder, name) for name in sorted(names)):
            try:
                state = path.lstat()
            except FileNotFoundError:  # the trainer has just rotated a checkpoint away
                continue
            if stat.S_ISREG(state.st_mode):
                yield Artifact(
                    attempt=attempt,
                    path=str(path.relative_to(outputs)),
                    bytes=state.st_size,
                    modified_at=datetime.fromtimestamp(state.st_mtime, UTC),
                )
