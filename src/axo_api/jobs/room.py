"""Whether the storage has room for what a job surely writes. What is only likely is no reason to refuse."""

import asyncio
import contextlib
import shutil
from functools import partial
from pathlib import Path

from redis.exceptions import RedisError

from axo_api.catalogue.reading import Catalogue
from axo_api.dependencies import Parts
from axo_api.errors import StorageFull
from axo_api.models.weights import weights_of
from axo_api.workers.fleet import live_workers
from axo_contracts.jobs import JobSpec, TrainSpec
from axo_contracts.tasks import MergeSpec

LOOKED_AT_BYTES = 1_000_000_000  # a job that writes less is not worth the look at the disk


async def check_disk(axo: Parts, spec: JobSpec, *, owner: str) -> None:
    """Raise `StorageFull` where a job that writes whole models finds no room for them, here nor on any worker."""
    needed = await _needed(axo, spec, owner)
    if needed < LOOKED_AT_BYTES:
        return
    free = await asyncio.to_thread(lambda: shutil.disk_usage(axo.settings.storage_root).free)
    if needed > free and needed > await _free_at_workers(axo):
        raise StorageFull(
            f"This job writes {_gigabytes(needed)} at least, and the storage has {_gigabytes(free)} left. Delete "
            "models, checkpoints or jobs that are not needed (an operator: `axo gc`), or train an adapter."
        )


async def _needed(axo: Parts, spec: JobSpec, owner: str) -> int:
    """Return what a job surely writes: of a training of all weights the result and one checkpoint, of a merge its sum.

    0 where that cannot be known.
    """
    match spec:
        case TrainSpec() if not spec.is_adapter:
            copies = 1 if spec.axolotl.get("save_strategy") == "no" else 2
        case MergeSpec():
            copies = 1
        case _:
            return 0
    weights = await axo.database.read(partial(weights_of, named=spec.named_models()[0], owner=owner))
    base = str(axo.settings.storage_root.absolute() / weights.base) if weights.is_stored else weights.base
    return copies * await asyncio.to_thread(weights_bytes, base, axo.catalogue)


def weights_bytes(name: str, catalogue: Catalogue) -> int:
    """Return what a model's weights take at 16 bits each, also of one that is kept in 32; 0 where that is not known."""
    if (entry := catalogue.models.get(name)) is not None:
        return entry.bytes
    if not name.startswith("/"):
        return 0
    with contextlib.suppress(OSError):
        return sum(path.stat().st_size for path in Path(name).glob("*.safetensors")) // 2
    return 0


async def _free_at_workers(axo: Parts) -> int:
    """Return the most that a worker says is free on the shared storage: it may see another disk than we do."""
    with contextlib.suppress(RedisError):
        loads = [worker.host_load for worker in await live_workers(axo.redis)]
        return max((load.disk_free_bytes for load in loads if load is not None), default=0)
    return 0


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
