"""An attempt's folder on the shared storage: its inputs and its config, put there before the trainer starts in it."""

import errno
import os
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from axo_contracts import storage_paths
from axo_contracts.lifecycle import ENDINGS, EndReason
from axo_contracts.orders import InputFile, RunOrder
from axo_worker.failures import AlreadyBegun, RunFailed
from axo_worker.files import publish, sha256_of
from axo_worker.tools_text import write_tools_as_text
from axo_worker.unpacking import unpack


def has_begun(storage_root: Path, order: RunOrder) -> bool:
    """Return whether this attempt, or a later one, has a folder: it has run then, whatever Redis knows of it."""
    folder = storage_root / storage_paths.attempts(order.job_id)
    return folder.is_dir() and any(int(path.name) >= order.attempt for path in folder.iterdir() if path.name.isdigit())


def prepare_workspace(storage_root: Path, order: RunOrder, extra_config: dict[str, Any]) -> Path:
    """Make the attempt's folder with its inputs and its config, and return it. Raises `AlreadyBegun`, `RunFailed`."""
    folder = storage_root.absolute() / storage_paths.attempt(order.job_id, order.attempt)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _begin(folder)
        (folder / storage_paths.INPUTS).mkdir()
        (folder / storage_paths.OUTPUTS).mkdir()
        for file in order.inputs:
            _put_input(storage_root.absolute(), folder, file)
        if order.prepared_from is not None:
            _put_prepared(storage_root.absolute() / order.prepared_from, folder / storage_paths.PREPARED)
        config = yaml.safe_dump(order.config | extra_config, sort_keys=False, allow_unicode=True)
        publish(folder / storage_paths.CONFIG, config.encode())
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise RunFailed(EndReason.DISK_FULL, ENDINGS[EndReason.DISK_FULL].sentence) from error
        raise RunFailed(EndReason.BAD_DATA, f"The run's files could not be put in place: {error}.") from error
    return folder


def _begin(folder: Path) -> None:
    try:
        folder.mkdir()
    except FileExistsError:
        raise AlreadyBegun(folder.name) from None


def _put_input(root: Path, folder: Path, file: InputFile) -> None:
    source, target = root / file.source, folder / storage_paths.INPUTS / file.name
    if ".." in PurePosixPath(file.source).parts or not source.is_relative_to(root) or target.name != file.name:
        raise RunFailed(EndReason.BAD_CONFIG, f"The order names an input outside of the storage: {file.source}.")
    if not source.is_file():
        raise RunFailed(EndReason.BAD_DATA, f"The input {file.name} is not in the storage ({file.source}).")
    if file.compression is None:
        _link_or_copy(source, target)
    packed = source if file.compression else target
    if packed.stat().st_size != file.bytes or sha256_of(packed) != file.sha256:
        raise RunFailed(EndReason.BAD_DATA, f"The input {file.name} is not what was uploaded: size or hash differs.")
    if file.compression is not None:
        unpack(source, target, file.compression)
    if target.suffix == ".jsonl":
        write_tools_as_text(target)


def _put_prepared(source: Path, target: Path) -> None:
    """Let the run find prepared data as its own: it may write there, and what another job has left stays as it is."""
    if not source.is_dir():
        raise RunFailed(EndReason.BAD_DATA, f"The prepared data is not in the storage any more ({source.name}).")
    for data in source.iterdir():
        if data.is_dir():  # what else is there are locks of Axolotl's
            shutil.copytree(data, target / data.name, copy_function=_link_or_copy)


def _link_or_copy(source: Path | str, target: Path | str) -> None:
    Path(target).unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(source, target)
