"""Workers and the queue as clients see them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class GpuView(BaseModel):
    """One GPU."""

    index: int
    name: str
    memory_bytes: int


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
    trouble: str | None = Field(description="Why it takes no work.")
    packages: dict[str, str] = Field(description="What its trainer's environment has.")
    started_at: datetime


class WorkerList(BaseModel):
    """The workers that live."""

    object: Literal["list"] = "list"
    data: list[Worker]


class QueuedJob(BaseModel):
    """A job that waits."""

    id: str
    name: str | None
    position: int = Field(description="1 is next.")
    reason: str = Field(description="What it waits for.")
    created_at: datetime


class QueueList(BaseModel):
    """The jobs that wait, next first."""

    object: Literal["list"] = "list"
    data: list[QueuedJob]
    others: int = Field(description="Jobs of other owners that wait too; the positions count them.")
