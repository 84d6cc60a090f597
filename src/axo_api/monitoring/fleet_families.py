"""The workers and their hardware, as families of Prometheus."""

from collections.abc import Callable, Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric

from axo_api.workers.fleet import Run
from axo_contracts.readings import GpuLoad, HostLoad
from axo_contracts.resources import WorkerState

HOST: dict[str, tuple[str, Callable[[HostLoad], float]]] = {
    "axo_worker_cpu_percent": ("Of all its CPUs together.", lambda load: load.cpu_percent),
    "axo_worker_memory_used_bytes": ("Memory of the host.", lambda load: load.memory_used_bytes),
    "axo_worker_memory_total_bytes": ("Memory of the host.", lambda load: load.memory_total_bytes),
    "axo_worker_disk_free_bytes": ("On the disk of the storage.", lambda load: load.disk_free_bytes),
    "axo_worker_disk_total_bytes": ("Of the disk of the storage.", lambda load: load.disk_total_bytes),
}
GPU: dict[str, tuple[str, Callable[[GpuLoad], float | None]]] = {
    "axo_gpu_utilization_percent": ("Of one GPU.", lambda load: load.utilization_percent),
    "axo_gpu_memory_used_bytes": ("Of one GPU.", lambda load: load.memory_used_bytes),
    "axo_gpu_memory_total_bytes": ("Of one GPU.", lambda load: load.memory_total_bytes),
    "axo_gpu_power_watts": ("Of one GPU.", lambda load: load.power_watts),
    "axo_gpu_temperature_celsius": ("Of one GPU.", lambda load: load.temperature_celsius),
    "axo_gpu_throttled": ("1 while its clocks are lowered.", lambda load: bool(load.throttled)),
    "axo_gpu_ecc_uncorrected": ("Errors since its driver was loaded.", lambda load: load.ecc_uncorrected),
}


def fleet_families(workers: Sequence[WorkerState], runs: Sequence[Run]) -> Iterator[Metric]:
    """Yield what the heartbeats say, and what of the fleet is busy."""
    yield _by_state(workers)
    yield _troubles(workers)
    yield _gpus(workers, runs)
    for name, (text, of_host) in HOST.items():
        family = GaugeMetricFamily(name, text, labels=["worker"])
        for worker in workers:
            if worker.host_load is not None:
                family.add_metric([worker.id], of_host(worker.host_load))
        yield family
    for name, (text, of_gpu) in GPU.items():
        family = GaugeMetricFamily(name, text, labels=["worker", "gpu"])
        for worker in workers:
            for load in worker.gpu_loads:
                if (value := of_gpu(load)) is not None:
                    family.add_metric([worker.id, str(load.index)], value)
        yield family


def _by_state(workers: Sequence[WorkerState]) -> Metric:
    family = GaugeMetricFamily("axo_workers", "Workers whose heartbeat lives.", labels=["state"])
    for state in ("online", "draining"):
        family.add_metric([state], sum(worker.state == state for worker in workers))
    return family


def _troubles(workers: Sequence[WorkerState]) -> Metric:
    family = GaugeMetricFamily(
        "axo_worker_trouble", "Why /v1/workers says that it is in trouble; 1 each.", labels=["worker", "kind"]
    )
    for worker in workers:
        kinds = {trouble.kind for trouble in worker.gpu_troubles} | ({"trainer"} if worker.trouble else set())
        for kind in sorted(kinds):
            family.add_metric([worker.id, kind], 1)
    return family


def _gpus(workers: Sequence[WorkerState], runs: Sequence[Run]) -> Metric:
    family = GaugeMetricFamily("axo_gpus", "GPUs of the fleet.", labels=["state"])
    every = sum(len(worker.capabilities.gpus) for worker in workers)
    busy = sum(len(run.gpus) for run in runs)
    sick = sum(len(worker.sick_gpus) for worker in workers)
    for state, count in (("busy", busy), ("sick", sick), ("free", max(0, every - busy - sick))):
        family.add_metric([state], count)
    return family
