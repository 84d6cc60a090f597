"""The small interface that every make of GPU is read by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from axo_contracts.readings import GpuLoad
from axo_contracts.resources import Gpu


class GpuUnreadable(Exception):
    """A GPU cannot be read; the message is the driver's. `is_lost`: it has fallen off the bus, or needs a reset."""

    def __init__(self, message: str, *, is_lost: bool = False) -> None:
        super().__init__(message)
        self.is_lost = is_lost


class NoDriver(Exception):
    """There is no driver of this make, or none that answers; the message says so in one sentence."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An error that a driver reported of a GPU. `code` is NVIDIA's XID."""

    index: int
    code: int


class Driver(Protocol):
    """The GPUs of one make on this host, by their indexes."""

    def gpus(self) -> tuple[Gpu, ...]:
        """Return what there is."""

    def version(self) -> str | None:
        """Return which driver it is, for a person; None where that is not told."""

    def load(self, index: int) -> GpuLoad:
        """Return what one GPU is doing. Raises `GpuUnreadable`."""

    def faults(self) -> Sequence[Fault]:
        """Return the errors that were reported since this was last asked."""


class NoGpus:
    """The driver of a host without any GPU, or of a worker that is to leave them alone."""

    def gpus(self) -> tuple[Gpu, ...]:
        return ()

    def version(self) -> str | None:
        return None

    def load(self, index: int) -> GpuLoad:
        raise GpuUnreadable(f"there is no GPU {index}")

    def faults(self) -> Sequence[Fault]:
        return ()
