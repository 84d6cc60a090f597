"""Which worker a job fits, and in one sentence why none does. No input or output: only the choice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from axo_api.workers.fleet import Run
from axo_contracts.resources import Resources, WorkerState
from axo_contracts.standing_text import rough
from axo_contracts.tools import REMEDIES, ToolName


@dataclass(frozen=True, slots=True)
class Host:
    """A worker, and what of it is free."""

    worker: WorkerState
    free_gpus: tuple[int, ...]
    free_slots: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attempt will run."""

    worker: WorkerState
    gpus: tuple[int, ...]


def hosts(workers: Sequence[WorkerState], runs: Iterable[Run]) -> list[Host]:
    """Return what is free of each worker, given the runs that hold a place."""
    by_worker: dict[str, list[Run]] = {}
    for run in runs:
        by_worker.setdefault(run.worker_id, []).append(run)
    return [_host(worker, by_worker.get(worker.id, ())) for worker in workers]


def choose(
    resources: Resources,
    fleet: Sequence[Host],
    *,
    tools: Sequence[ToolName] = (),
    avoid: str | None = None,
    next_free_seconds: float | None = None,
) -> Place | str:
    """Return the place for a job, or why it has to wait, and when the next place is free where that is known.

    Of the workers that fit, the one with the fewest free GPUs is taken, so that large jobs find room elsewhere; the
    worker `avoid`, which lost the job before, is taken only when there is no other.
    """
    takers = [host for host in fleet if host.worker.state == "online" and host.worker.trouble is None]
    if not takers:
        return _nobody(fleet)
    for tool in tools:
        takers = [host for host in takers if tool in host.worker.capabilities.packages]
        if not takers:
            return f"no worker has {tool}: {REMEDIES[tool]}"
    wanted = _gpus_wanted(resources, takers)
    largest = max(len(host.worker.capabilities.gpus) for host in takers)
    if wanted > largest:
        return f"needs {wanted} GPUs on one host; the largest worker has {largest}"
    fitting = [host for host in takers if host.free_slots > 0 and len(host.free_gpus) >= wanted]
    if not fitting:
        return _no_room(wanted, takers, next_free_seconds)
    best = min(fitting, key=lambda host: (host.worker.id == avoid, len(host.free_gpus), host.worker.id))
    return Place(best.worker, best.free_gpus[:wanted])


def _host(worker: WorkerState, runs: Sequence[Run]) -> Host:
    taken = worker.sick_gpus.union(*(run.gpus for run in runs))
    free = tuple(gpu.index for gpu in worker.capabilities.gpus if gpu.index not in taken)
    return Host(worker, free, worker.capabilities.slots - len(runs))


def _gpus_wanted(resources: Resources, takers: Sequence[Host]) -> int:
    if resources.gpus == "auto":
        return 1 if any(host.worker.capabilities.gpus for host in takers) else 0
    return resources.gpus


def _no_room(wanted: int, takers: Sequence[Host], next_free_seconds: float | None) -> str:
    free = max(len(host.free_gpus) for host in takers)
    room = f"needs {wanted} GPU{'' if wanted == 1 else 's'}, {free} free" if wanted else "waits for a free slot"
    if wanted and (sick := sum(len(host.worker.sick_gpus) for host in takers)):
        room = f"{room}, {sick} out of service"
    return room if next_free_seconds is None else f"{room}; next free in about {rough(next_free_seconds)}"


def _nobody(fleet: Sequence[Host]) -> str:
    troubles = [f"{host.worker.id}: {host.worker.trouble}" for host in fleet if host.worker.trouble]
    if troubles:
        return f"no worker can take it ({'; '.join(troubles)})"
    return "every worker is draining" if fleet else "no worker is online"
