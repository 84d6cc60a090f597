"""A stand-in for ROCm's module: one GPU, told in the words and shapes of amdsmi 7.0."""

from enum import Enum
from typing import Any


class AmdSmiException(Exception):
    """The driver does not tell this."""


class AmdSmiTemperatureType(Enum):
    HOTSPOT = 1


class AmdSmiTemperatureMetric(Enum):
    CURRENT = 0


def amdsmi_init() -> None:
    """Begin."""


def amdsmi_get_processor_handles() -> list[object]:
    return [object()]


def amdsmi_get_gpu_driver_info(handle: object) -> dict[str, str]:
    return {"driver_name": "amdgpu", "driver_version": "6.12.12", "driver_date": "2025/05/01"}


def amdsmi_get_gpu_device_uuid(handle: object) -> str:
    return "amd-0"


def amdsmi_get_gpu_asic_info(handle: object) -> dict[str, Any]:
    return {"market_name": "Stub MI300X", "target_graphics_version": "gfx942"}


def amdsmi_get_gpu_vram_usage(handle: object) -> dict[str, int]:
    return {"vram_total": 196_608, "vram_used": 1024}


def amdsmi_get_gpu_activity(handle: object) -> dict[str, Any]:
    return {"gfx_activity": 37, "umc_activity": 3, "mm_activity": "N/A"}


def amdsmi_get_power_info(handle: object) -> dict[str, Any]:
    return {"socket_power": 350, "average_socket_power": "N/A"}


def amdsmi_get_temp_metric(handle: object, kind: AmdSmiTemperatureType, metric: AmdSmiTemperatureMetric) -> int:
    return 71


def amdsmi_get_gpu_total_ecc_count(handle: object) -> dict[str, int]:
    raise AmdSmiException("not supported")


def amdsmi_get_violation_status(handle: object) -> dict[str, Any]:
    return {"active_ppt_pwr": "N/A", "active_socket_thrm": True, "active_hbm_thrm": True}


def amdsmi_get_gpu_process_list(handle: object) -> list[dict[str, Any]]:
    return [{"name": "python", "pid": 4321, "mem": 1 << 30}]
