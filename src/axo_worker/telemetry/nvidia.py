"""NVIDIA's GPUs, read through NVML."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import pynvml

from axo_contracts.readings import GpuLoad, GpuProcess
from axo_contracts.resources import Gpu
from axo_worker.telemetry.driver import Fault, GpuUnreadable, NoDriver

T = TypeVar("T")

THROTTLING = {
    pynvml.nvmlClocksThrottleReasonSwPowerCap: "power_cap",
    pynvml.nvmlClocksThrottleReasonHwSlowdown: "hw_slowdown",
    pynvml.nvmlClocksThrottleReasonSwThermalSlowdown: "sw_thermal",
    pynvml.nvmlClocksThrottleReasonHwThermalSlowdown: "hw_thermal",
    pynvml.nvmlClocksThrottleReasonHwPowerBrakeSlowdown: "power_brake",
}
_LOST = (pynvml.NVML_ERROR_GPU_IS_LOST, pynvml.NVML_ERROR_RESET_REQUIRED)
_NOT_TOLD = (
    pynvml.NVML_ERROR_NOT_SUPPORTED,
    pynvml.NVML_ERROR_FUNCTION_NOT_FOUND,
    pynvml.NVML_ERROR_NO_PERMISSION,
)


class Nvidia:
    """The GPUs that NVML shows, in the order of their PCI bus ids. Raises `NoDriver` where there is no NVML."""

    def __init__(self) -> None:
        try:
            pynvml.nvmlInit()
            self._handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        except pynvml.NVMLError as error:
            raise NoDriver(f"NVML does not answer ({error})") from error
        self._events = self._listen()

    def gpus(self) -> tuple[Gpu, ...]:
        """Return what there is, less what cannot be described."""
        return tuple(self._described())

    def version(self) -> str | None:
        """Return the driver's version, and the CUDA that it goes up to."""
        try:
            cuda = pynvml.nvmlSystemGetCudaDriverVersion_v2()
            return f"NVIDIA {pynvml.nvmlSystemGetDriverVersion()} (CUDA {cuda // 1000}.{cuda % 1000 // 10})"
        except pynvml.NVMLError:
            return None

    def load(self, index: int) -> GpuLoad:
        """Return what one GPU is doing. Raises `GpuUnreadable`."""
        try:
            return self._load(index, self._handles[index])
        except pynvml.NVMLError as error:
            raise GpuUnreadable(str(error), is_lost=error.value in _LOST) from error

    def faults(self) -> Sequence[Fault]:
        """Return the XID errors that NVML has reported since this was last asked."""
        faults: list[Fault] = []
        while self._events is not None:
            try:
                event = pynvml.nvmlEventSetWait_v2(self._events, 0)
                faults.append(Fault(pynvml.nvmlDeviceGetIndex(event.device), int(event.eventData)))
            except pynvml.NVMLError:  # a timeout: there is none
                break
        return faults

    def _listen(self) -> Any:
        """Return a set of events to wait for; None where the driver has no events, as in some containers."""
        try:
            events = pynvml.nvmlEventSetCreate()
            for handle in self._handles:
                pynvml.nvmlDeviceRegisterEvents(handle, pynvml.nvmlEventTypeXidCriticalError, events)
        except pynvml.NVMLError:
            return None
        return events

    def _described(self) -> Iterator[Gpu]:
        for index, handle in enumerate(self._handles):
            try:
                yield Gpu(
                    index=index,
                    uuid=_text(pynvml.nvmlDeviceGetUUID(handle)),
                    name=_text(pynvml.nvmlDeviceGetName(handle)),
                    memory_bytes=int(pynvml.nvmlDeviceGetMemoryInfo(handle).total),
                    compute_capability=tuple(pynvml.nvmlDeviceGetCudaComputeCapability(handle)),
                )
            except pynvml.NVMLError:
                continue

    def _load(self, index: int, handle: Any) -> GpuLoad:
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        utilization = _where_told(lambda: pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)
        milliwatts = _where_told(lambda: pynvml.nvmlDeviceGetPowerUsage(handle))
        reasons = _where_told(lambda: pynvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle)) or 0
        return GpuLoad(
            index=index,
            utilization_percent=None if utilization is None else float(utilization),
            memory_used_bytes=int(memory.used),
            memory_total_bytes=int(memory.total),
            power_watts=None if milliwatts is None else milliwatts / 1000,
            temperature_celsius=_where_told(
                lambda: float(pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU))
            ),
            throttled=tuple(name for bit, name in THROTTLING.items() if reasons & bit),
            ecc_corrected=_ecc(handle, pynvml.NVML_MEMORY_ERROR_TYPE_CORRECTED),
            ecc_uncorrected=_ecc(handle, pynvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED),
            processes=_processes(handle),
        )


def _ecc(handle: Any, kind: int) -> int | None:
    return _where_told(lambda: int(pynvml.nvmlDeviceGetTotalEccErrors(handle, kind, pynvml.NVML_VOLATILE_ECC)))


def _processes(handle: Any) -> tuple[GpuProcess, ...]:
    running = _where_told(lambda: pynvml.nvmlDeviceGetComputeRunningProcesses(handle)) or ()
    return tuple(GpuProcess(pid=process.pid, memory_bytes=process.usedGpuMemory) for process in running)


def _where_told(read: Callable[[], T]) -> T | None:
    """Return what a driver tells, and None for what this GPU does not have or this container may not see."""
    try:
        return read()
    except pynvml.NVMLError as error:
        if error.value in _NOT_TOLD:
            return None
        raise


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
