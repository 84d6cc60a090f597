"""A worker's GPUs as clients see them."""

from axo_api.workers.schemas import GpuLoadView, GpuView
from axo_contracts.resources import WorkerState


def gpus_of(state: WorkerState) -> list[GpuView]:
    """Return a worker's GPUs, with what they do and what is wrong with them."""
    loads = {load.index: GpuLoadView.model_validate(load) for load in state.gpu_loads}
    return [
        GpuView(
            index=gpu.index,
            name=gpu.name,
            memory_bytes=gpu.memory_bytes,
            load=loads.get(gpu.index),
            troubles=[trouble.message for trouble in state.gpu_troubles if trouble.index == gpu.index],
            takes_work=gpu.index not in state.sick_gpus,
        )
        for gpu in state.capabilities.gpus
    ]
