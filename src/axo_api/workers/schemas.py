"""Workers and the queue as clients see them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from axo_api.jobs.schemas import JobWaiting


class GpuProcessView(BaseModel):
    """A process that computes on a GPU."""

    model_config = ConfigDict(from_attributes=True)

    pid: int
    memory_bytes: int | None


class GpuLoadView(BaseModel):
    """What a GPU is doing, as its driver tells it; null is what it does not tell."""

    model_config = ConfigDict(from_attributes=True)

    utilization_percent: float | None
    memory_used_bytes: int
    memory_total_bytes: int
    power_watts: float | None
    temperature_celsius: float | None
    throttled: list[str] = Field(
        description="Why its clocks are lowered: power_cap, hw_slowdown, sw_thermal, hw_thermal, power_brake."
    )
    ecc_corrected: int | None = Field(description="Memory errors since its driver was loaded.")
    ecc_uncorrected: int | None
    processes: list[GpuProcessView]


class GpuView(BaseModel):
    """One GPU."""

    index: int
    name: str
    memory_bytes: int
    load: GpuLoadView | None = Field(description="As of the last heartbeat; null when it cannot be read.")
    troubles: list[str] = Field(description="What is wrong with it.")
    takes_work: bool = Field(description="False after an error that only a reset mends.")


class HostLoadView(BaseModel):
    """What a host is doing, as of its last heartbeat."""

    model_config = ConfigDict(from_attributes=True)

    cpu_percent: float = Field(description="Of all its CPUs together.")
    memory_used_bytes: int
    memory_total_bytes: int
    disk_free_bytes: int = Field(description="On the disk that the storage is on.")
    disk_total_bytes: int


class Worker(BaseModel):
    """A worker host whose heartbeat lives."""

    id: str
    object: Literal["worker"] = "worker"
    host: str
    state: Literal["online", "draining"]
    gpus: list[GpuView]
    slots: int = Field(description="Runs that it can do side by side.")
    running: list[str] = Field(description="Jobs that hold a place on it, as far as they are the caller's.")
    busy_slots: int = Field(description="Runs that hold a place on it, whoever's.")
    trouble: str | None = Field(description="Why it takes no work, or else what is wrong with its GPUs.")
    gpu_note: str | None = Field(description="Why no GPU is seen.")
    host_load: HostLoadView | None
    packages: dict[str, str] = Field(description="What its trainer's environment has.")
    started_at: datetime


class WorkerList(BaseModel):
    """The workers that live."""

    object: Literal["list"] = "list"
    data: list[Worker]


class QueuedJob(JobWaiting):
    """A job that waits."""

    id: str
    name: str | None
    created_at: datetime


class QueueList(BaseModel):
    """The jobs that wait, next first."""

    object: Literal["list"] = "list"
    data: list[QueuedJob]
    others: int = Field(description="Jobs of other owners that wait too; the positions count them.")
