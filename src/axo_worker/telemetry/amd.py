"""AMD's GPUs, read through `amdsmi`, which comes with ROCm and not from us."""

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

from axo_contracts.readings import GpuLoad, GpuProcess
from axo_contracts.resources import Gpu
from axo_worker.telemetry.driver import Fault, GpuUnreadable, NoDriver

T = TypeVar("T")

MIB = 1024 * 1024
THROTTLING = {
    "active_ppt_pwr": "power_cap",
    "active_prochot_thrm": "hw_slowdown",
    "active_socket_thrm": "hw_thermal",
    "active_vr_thrm": "hw_thermal",
    "active_hbm_thrm": "hw_thermal",
}
NO_CUDA = (0, 0)  # below every capability that options are chosen by: fp16 and sdpa, unless a spec says more


class Amd:
    """The GPUs that amdsmi shows. Raises `NoDriver` where it is not installed, or finds no driver."""

    def __init__(self) -> None:
        try:
            self._smi: Any = import_module("amdsmi")
        except ImportError as error:
            raise NoDriver("amdsmi is not installed") from error
        except Exception as error:  # without its library it fails to load in ways of its own
            raise NoDriver(f"amdsmi does not load ({error})") from error
        try:
            self._smi.amdsmi_init()
            self._handles = self._smi.amdsmi_get_processor_handles()
        except self._smi.AmdSmiException as error:
            raise NoDriver(f"amdsmi does not answer ({error})") from error

    def gpus(self) -> tuple[Gpu, ...]:
        """Return what there is, less what cannot be described."""
        described = (self._where_told(partial(self._describe, *one)) for one in enumerate(self._handles))
        return tuple(gpu for gpu in described if gpu is not None)

    def version(self) -> str | None:
        """Return the driver's name and version."""
        told = self._where_told(lambda: self._smi.amdsmi_get_gpu_driver_info(self._handles[0])) or {}
        return f"{told['driver_name']} {told['driver_version']}" if "driver_version" in told else None

    def load(self, index: int) -> GpuLoad:
        """Return what one GPU is doing. Raises `GpuUnreadable`."""
        try:
            return self._load(index, self._handles[index])
        except self._smi.AmdSmiException as error:
            raise GpuUnreadable(str(error)) from error

    def faults(self) -> Sequence[Fault]:
        """Return nothing: what amdsmi reports as events are resets, which a reading that fails shows as well."""
        return ()

    def _describe(self, index: int, handle: Any) -> Gpu:
        return Gpu(
            index=index,
            uuid=str(self._smi.amdsmi_get_gpu_device_uuid(handle)),
            name=str(self._smi.amdsmi_get_gpu_asic_info(handle)["market_name"]),
            memory_bytes=int(self._smi.amdsmi_get_gpu_vram_usage(handle)["vram_total"]) * MIB,
            compute_capability=NO_CUDA,
        )

    def _load(self, index: int, handle: Any) -> GpuLoad:
        smi = self._smi
        memory = smi.amdsmi_get_gpu_vram_usage(handle)
        power = self._where_told(lambda: smi.amdsmi_get_power_info(handle)) or {}
        ecc = self._where_told(lambda: smi.amdsmi_get_gpu_total_ecc_count(handle)) or {}
        hottest = smi.AmdSmiTemperatureType.HOTSPOT, smi.AmdSmiTemperatureMetric.CURRENT
        activity = self._where_told(lambda: smi.amdsmi_get_gpu_activity(handle)) or {}
        return GpuLoad(
            index=index,
            utilization_percent=_number(activity.get("gfx_activity")),
            memory_used_bytes=int(memory["vram_used"]) * MIB,
            memory_total_bytes=int(memory["vram_total"]) * MIB,
            power_watts=_number(power.get("socket_power", power.get("average_socket_power"))),
            temperature_celsius=_number(self._where_told(lambda: smi.amdsmi_get_temp_metric(handle, *hottest))),
            throttled=self._throttled(handle),
            ecc_corrected=ecc.get("correctable_count"),
            ecc_uncorrected=ecc.get("uncorrectable_count"),
            processes=self._processes(handle),
        )

    def _throttled(self, handle: Any) -> tuple[str, ...]:
        status = self._where_told(lambda: self._smi.amdsmi_get_violation_status(handle)) or {}
        return tuple(dict.fromkeys(name for field, name in THROTTLING.items() if status.get(field) is True))

    def _processes(self, handle: Any) -> tuple[GpuProcess, ...]:
        running = self._where_told(lambda: self._smi.amdsmi_get_gpu_process_list(handle)) or ()
        return tuple(GpuProcess(pid=process["pid"], memory_bytes=process["mem"]) for process in running)

    def _where_told(self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except self._smi.AmdSmiException:
            return None


def _number(value: Any) -> float | None:
    """Return a number that amdsmi tells; it writes "N/A" for what a GPU does not have."""
    return float(value) if isinstance(value, int | float) else None
