"""What a worker reads of its hardware once a second: for the frames of a run, and for its heartbeat."""

from typing import Literal

import msgspec

TroubleKind = Literal["xid", "ecc", "throttled", "lost"]


class GpuProcess(msgspec.Struct, frozen=True, kw_only=True):
    """A process that computes on a GPU. Drivers in a container may not tell the memory."""

    pid: int
    memory_bytes: int | None = None


class GpuLoad(msgspec.Struct, frozen=True, kw_only=True):
    """What one GPU is doing. What its driver does not tell is None.

    `throttled` names why its clocks are lowered: power_cap, hw_slowdown, sw_thermal, hw_thermal, power_brake.
    ECC errors are counted since the driver was loaded; the uncorrected ones were in data that was used.
    """

    index: int
    utilization_percent: float | None
    memory_used_bytes: int
    memory_total_bytes: int
    power_watts: float | None = None
    temperature_celsius: float | None = None
    throttled: tuple[str, ...] = ()
    ecc_corrected: int | None = None
    ecc_uncorrected: int | None = None
    processes: tuple[GpuProcess, ...] = ()


class HostLoad(msgspec.Struct, frozen=True, kw_only=True):
    """What a host is doing: all of its CPUs together, and the disk that the shared storage is on."""

    cpu_percent: float
    memory_used_bytes: int
    memory_total_bytes: int
    disk_free_bytes: int
    disk_total_bytes: int


class GpuTrouble(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one GPU, as a sentence for a person. One that `takes_no_work` is given none."""

    index: int
    kind: TroubleKind
    message: str
    takes_no_work: bool = False
