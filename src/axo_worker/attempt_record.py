"""Writes down what an attempt was made from and what it has left, once its trainer is gone."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from axo_contracts import storage_paths
from axo_contracts.orders import RunOrder
from axo_contracts.outputs import RECORD, AttemptRecord, Environment, HashedFile
from axo_worker.attempt import Attempt
from axo_worker.files import publish, sha256_of
from axo_worker.identity import remembered
from axo_worker.settings import Settings
from axo_worker.sources import base_of, datasets_of
from axo_worker.stop import StopRequest
from axo_worker.trainer_environment import hub_cache

LEAVING = "its worker was asked to leave before all was hashed"


def write_record(attempt: Attempt, folder: Path) -> None:
    """Bring the outputs of an attempt to disk, hash them and publish its record. What fails is said in its log."""
    record = folder / RECORD
    try:
        record.unlink(missing_ok=True)  # nobody but this function writes it
        publish(record, msgspec.json.encode(_record(attempt.order, attempt.host.settings, attempt.host.stop, folder)))
    except (OSError, ValueError) as error:
        attempt.frames.say(f"What came of this attempt could not be written down: {error}")


def _record(order: RunOrder, settings: Settings, stop: StopRequest, folder: Path) -> AttemptRecord:
    cache = hub_cache(settings)
    outputs = folder / storage_paths.OUTPUTS
    paths = [*_result_files(outputs)]
    hashed: list[HashedFile] = []
    for path in paths:
        if stop.is_leaving or stop.is_abandoned:
            break
        hashed.append(HashedFile(str(path.relative_to(outputs)), path.stat().st_size, sha256_of(path, sync=True)))
    return AttemptRecord(
        environment=_environment(order, settings),
        base=base_of(order, folder, cache),
        datasets=datasets_of(order, folder, cache),
        outputs=tuple(hashed),
        unhashed_because=LEAVING if len(hashed) < len(paths) else None,
    )


def _result_files(outputs: Path) -> Iterator[Path]:
    """Yield the regular files of an output folder but for those of checkpoints, which their manifests name."""
    for folder, folders, names in os.walk(outputs):
        if folder == str(outputs):
            folders[:] = [name for name in folders if not storage_paths.is_of_checkpoint(name)]
        folders.sort()
        yield from (path for name in sorted(names) if stat.S_ISREG((path := Path(folder, name)).lstat().st_mode))


def _environment(order: RunOrder, settings: Settings) -> Environment | None:
    worker = remembered(settings.worker_home)
    if worker is None:
        return None
    return Environment(
        worker=worker.id,
        host=worker.host,
        gpus=tuple(gpu for gpu in worker.capabilities.gpus if gpu.index in order.gpus),
        driver=worker.capabilities.driver,
        axo=worker.version,
        packages=worker.capabilities.packages,
    )
