"""What the GPUs are doing, once a second. Without a driver there is nothing to read, and that is all right."""

import threading
from collections.abc import Callable, Iterable

import pynvml

from axo_contracts.frames import GpuReading
from axo_contracts.resources import Gpu
from axo_worker.frames import FrameWriter

READ_SECONDS = 1.0


def detect_gpus() -> tuple[Gpu, ...]:
    """Return this host's GPUs, in the order of their PCI bus ids; none where there is no driver."""
    try:
        pynvml.nvmlInit()
        return tuple(_describe(index) for index in range(pynvml.nvmlDeviceGetCount()))
    except pynvml.NVMLError:
        return ()


def watch_gpus(indexes: Iterable[int], frames: FrameWriter, closed: threading.Event) -> None:
    """Start a thread that sends a reading of each of these GPUs every second until `closed` is set."""
    if indexes := tuple(indexes):
        threading.Thread(target=_watch, args=(indexes, frames, closed), name="gpus", daemon=True).start()


def _watch(indexes: tuple[int, ...], frames: FrameWriter, closed: threading.Event) -> None:
    try:
        pynvml.nvmlInit()
        handles = {index: pynvml.nvmlDeviceGetHandleByIndex(index) for index in indexes}
        while not closed.wait(READ_SECONDS):
            for index, handle in handles.items():
                _send_reading(index, handle, frames)
    except pynvml.NVMLError as error:
        frames.say(f"The GPUs can't be read: {error}")


def _send_reading(index: int, handle: object, frames: FrameWriter) -> None:
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    utilization = pynvml.nvmlDeviceGetUtilizationRates(handle)
    milliwatts = _where_supported(lambda: pynvml.nvmlDeviceGetPowerUsage(handle))
    celsius = _where_supported(lambda: pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU))
    frames.send(
        lambda stamp: GpuReading(
            **stamp,
            index=index,
            utilization_percent=float(utilization.gpu),
            memory_used_bytes=int(memory.used),
            memory_total_bytes=int(memory.total),
            power_watts=None if milliwatts is None else milliwatts / 1000,
            temperature_celsius=celsius,
        )
    )


def _describe(index: int) -> Gpu:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    return Gpu(
        index=index,
        uuid=_text(pynvml.nvmlDeviceGetUUID(handle)),
        name=_text(pynvml.nvmlDeviceGetName(handle)),
        memory_bytes=int(pynvml.nvmlDeviceGetMemoryInfo(handle).total),
        compute_capability=tuple(pynvml.nvmlDeviceGetCudaComputeCapability(handle)),
    )


def _where_supported(read: Callable[[], int]) -> float | None:
    try:
        return float(read())
    except pynvml.NVMLError_NotSupported:
        return None


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
